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
