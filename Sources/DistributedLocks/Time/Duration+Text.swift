extension Duration {
    /// The duration in seconds, as a floating-point number.
    package var seconds: Double {
        let (seconds, attoseconds) = components
        return Double(seconds) + Double(attoseconds) * 1e-18
    }

    /// For people: `850 ms`, `4.2 s`, `75 s`.
    package var shortText: String {
        if self < .zero { return "-" + (.zero - self).shortText }
        let milliseconds = (seconds * 1_000).rounded()
        if milliseconds < 1_000 { return "\(Int(milliseconds)) ms" }
        // Whoever means "for ever" may well ask for more than an integer holds.
        let tenths = Int(min((seconds * 10).rounded(), 1e18))
        return tenths % 10 == 0 || tenths >= 1_000 ? "\(tenths / 10) s" : "\(tenths / 10).\(tenths % 10) s"
    }
}
