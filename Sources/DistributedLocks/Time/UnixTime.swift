#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A wall-clock time in microseconds since 1970-01-01 00:00 UTC.
///
/// Shown to people ("held since") and used as the floor of fencing tokens. It never decides whether a lease is still
/// valid: wall clocks step, and those of two machines differ.
public struct UnixTime: Hashable, Comparable, Sendable {
    /// Microseconds since the epoch.
    public let microseconds: Int64

    /// Makes the time `microseconds` after the epoch.
    public init(microseconds: Int64) {
        self.microseconds = microseconds
    }

    /// Whether `lhs` is earlier than `rhs`.
    public static func < (lhs: UnixTime, rhs: UnixTime) -> Bool {
        lhs.microseconds < rhs.microseconds
    }
}

extension UnixTime {
    /// How long ago `earlier` was at this time; `nil` if it is later, since wall clocks of two machines differ.
    package func age(of earlier: UnixTime) -> Duration? {
        guard earlier <= self else { return nil }
        // Other programs may have written any time: the difference of two may be more than 64 bits of microseconds.
        return .microseconds(microseconds) - .microseconds(earlier.microseconds)
    }
}

extension UnixTime: CustomStringConvertible {
    /// For example `2026-01-31T12:00:00.123Z` (ISO 8601, in UTC).
    public var description: String {
        let milliseconds = microseconds.floored(by: 1_000)
        let (days, ofDay) = (milliseconds.floored(by: 86_400_000), milliseconds.remainder(by: 86_400_000))
        // Days to a date of the Gregorian calendar, in years that begin in March: H. Hinnant, "chrono-compatible low-level
        // date algorithms", https://howardhinnant.github.io/date_algorithms.html (civil_from_days).
        let shifted = days + 719_468
        let era = shifted.floored(by: 146_097)
        let dayOfEra = shifted.remainder(by: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let month = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * month + 2) / 5 + 1
        let year = yearOfEra + era * 400 + (month >= 10 ? 1 : 0)
        let date = "\(padded(year, 4))-\(padded(month >= 10 ? month - 9 : month + 3, 2))-\(padded(day, 2))"
        let (hours, minutes) = (ofDay / 3_600_000, ofDay / 60_000 % 60)
        let seconds = "\(padded(ofDay / 1_000 % 60, 2)).\(padded(ofDay % 1_000, 3))"
        return "\(date)T\(padded(hours, 2)):\(padded(minutes, 2)):\(seconds)Z"
    }

    private func padded(_ number: Int64, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}

extension Int64 {
    /// The quotient, rounded down.
    fileprivate func floored(by divisor: Int64) -> Int64 {
        self / divisor - (self % divisor < 0 ? 1 : 0)
    }

    /// What is left after ``floored(by:)``; never negative.
    fileprivate func remainder(by divisor: Int64) -> Int64 {
        self - floored(by: divisor) * divisor
    }
}

/// A source of wall-clock times; injected so that tests own it.
public struct WallClock: Sendable {
    private let read: @Sendable () -> UnixTime

    /// Wraps a function that returns the present time.
    public init(_ read: @escaping @Sendable () -> UnixTime) {
        self.read = read
    }

    /// The present time.
    public var now: UnixTime { read() }

    /// The system's real-time clock.
    public static let system = WallClock {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return UnixTime(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000)
    }
}
