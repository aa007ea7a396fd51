extension Duration {
    /// The duration in seconds, as a floating-point number.
    package var seconds: Double {
        let (seconds, attoseconds) = components
        return Double(seconds) + Double(attoseconds) * 1e-18
    }

    /// For people: `850 ms`, `4.2 s`, `75 s`.
    package var shortText: String {
        if self < .seconds(1) { return "\(Int((seconds * 1_000).rounded())) ms" }
        let tenths = Int((seconds * 10).rounded())
        return tenths % 10 == 0 || tenths >= 1_000 ? "\(tenths / 10) s" : "\(tenths / 10).\(tenths % 10) s"
    }
}
