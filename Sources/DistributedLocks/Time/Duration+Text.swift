extension Duration {
    /// The duration in seconds, as a floating-point number.
    package var seconds: Double {
        let (seconds, attoseconds) = components
        return Double(seconds) + Double(attoseconds) * 1e-18
    }

    /// For people: `850 ms`, `4.2 s`, `75 s`; whole minutes, hours and days as such: `5 min`, `3 h`, `1 d`.
    package var shortText: String {
        if self < .zero { return "-" + (.zero - self).shortText }
        let milliseconds = (seconds * 1_000).rounded()
        if milliseconds < 1_000 { return "\(Int(milliseconds)) ms" }
        // Whoever means "for ever" may well ask for more than an integer holds.
        let tenths = Int(min((seconds * 10).rounded(), 1e18))
        for (unit, length) in [("d", 86_400), ("h", 3_600), ("min", 60)] where tenths >= 1_200 {
            if tenths.isMultiple(of: length * 10) { return "\(tenths / 10 / length) \(unit)" }
        }
        return tenths % 10 == 0 || tenths >= 1_000 ? "\(tenths / 10) s" : "\(tenths / 10).\(tenths % 10) s"
    }

    /// How long something has gone on, in whole units, for people: `12 s`, `5 min`, `3 h`, `2 d`.
    package var ageText: String {
        let whole = max(0, components.seconds)
        return switch whole {
        case ..<120: "\(whole) s"
        case ..<7_200: "\(whole / 60) min"
        case ..<172_800: "\(whole / 3_600) h"
        default: "\(whole / 86_400) d"
        }
    }

    /// Reads a duration as people write it: `500ms`, `30s`, `5m`, `2h`, `1d`, `1.5h`; a bare number counts seconds.
    ///
    /// Nanoseconds are the finest that is kept. `nil` for anything else, and for more than ten years.
    package init?(written text: String) {
        let number = text.utf8.prefix {
            $0 == UInt8(ascii: ".") || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
        }
        guard let unit = Self.nanoseconds(of: Substring(text.utf8.dropFirst(number.count))),
            let nanoseconds = Self.multiply(number, by: unit)
        else { return nil }
        self = .nanoseconds(nanoseconds)
        guard self <= .seconds(10 * 365 * 86_400) else { return nil }
    }

    /// As ``init(written:)`` reads it, exact to the nanosecond: `5s`, `1500ms`, `0.000001ms`.
    package var writtenText: String {
        let (seconds, attoseconds) = components
        let nanoseconds = attoseconds / 1_000_000_000
        if nanoseconds == 0 { return "\(seconds)s" }
        let (milliseconds, rest) = (seconds * 1_000 + nanoseconds / 1_000_000, nanoseconds % 1_000_000)
        return rest == 0 ? "\(milliseconds)ms" : "\(milliseconds).\(String(rest + 1_000_000).dropFirst())ms"
    }

    private static func nanoseconds(of unit: Substring) -> Int64? {
        switch unit {
        case "ms": 1_000_000
        case "", "s": 1_000_000_000
        case "m": 60_000_000_000
        case "h": 3_600_000_000_000
        case "d": 86_400_000_000_000
        default: nil
        }
    }

    /// Decimal arithmetic, since a binary fraction of a second is not the one that was written.
    private static func multiply(_ number: some Collection<UInt8>, by unit: Int64) -> Int64? {
        let parts = number.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count <= 2, number.count > parts.count - 1 else { return nil }
        var total: Int64 = 0
        for digit in parts[0] {
            let (tens, overflow) = total.multipliedReportingOverflow(by: 10)
            let (sum, carry) = tens.addingReportingOverflow(Int64(digit - UInt8(ascii: "0")))
            guard !overflow, !carry else { return nil }
            total = sum
        }
        let (whole, overflow) = total.multipliedReportingOverflow(by: unit)
        guard !overflow else { return nil }
        var (fraction, place) = (0 as Int64, unit)
        for digit in parts.count == 2 ? parts[1] : parts[0].prefix(0) {
            // Parts of a nanosecond are dropped.
            fraction += place / 10 * Int64(digit - UInt8(ascii: "0"))
            place /= 10
        }
        let (sum, carry) = whole.addingReportingOverflow(fraction)
        return carry ? nil : sum
    }
}
