/// The monotonic clock that leases, deadlines and waits are measured on.
///
/// It wraps any `Clock` whose durations are `Swift.Duration` and gives it one concrete instant type, so that instants of
/// different components can be stored and compared. The default is `ContinuousClock`, which keeps counting while the
/// machine sleeps: a lease must not look alive because the laptop lid was closed. Tests pass a manual clock.
///
/// Instants are meaningful only within one process and one `LeaseClock`; they are never sent to a store.
public struct LeaseClock: Clock {
    /// A point in time on a ``LeaseClock``, counted from the moment that clock was made.
    public struct Instant: InstantProtocol {
        /// Time since the clock was made; negative for earlier instants.
        public let offset: Duration

        /// Makes the instant that lies `offset` after the clock's origin.
        public init(offset: Duration) {
            self.offset = offset
        }

        /// The instant that lies `duration` later.
        public func advanced(by duration: Duration) -> Instant {
            Instant(offset: offset + duration)
        }

        /// The time from this instant to `other`; negative when `other` is earlier.
        public func duration(to other: Instant) -> Duration {
            other.offset - offset
        }

        /// Whether `lhs` is earlier than `rhs`.
        public static func < (lhs: Instant, rhs: Instant) -> Bool {
            lhs.offset < rhs.offset
        }
    }

    private let readOffset: @Sendable () -> Duration
    private let sleepUntil: @Sendable (Duration, Duration?) async throws -> Void
    private let resolution: Duration
    private static let longestSleep = Duration.seconds(365 * 86_400)

    /// Wraps a clock.
    ///
    /// - Parameters:
    ///   - base: The clock to read and to sleep on.
    ///   - origin: The instant that becomes offset zero; the present one if `nil`.
    public init<Base: Clock>(_ base: Base, origin: Base.Instant? = nil) where Base.Duration == Duration {
        let origin = origin ?? base.now
        readOffset = { origin.duration(to: base.now) }
        sleepUntil = { offset, tolerance in
            try await base.sleep(until: origin.advanced(by: offset), tolerance: tolerance)
        }
        resolution = base.minimumResolution
    }

    /// `ContinuousClock`, with one origin for the whole process.
    public static let continuous = LeaseClock(ContinuousClock())

    /// The present instant.
    public var now: Instant { Instant(offset: readOffset()) }

    /// The smallest step this clock can tell apart.
    public var minimumResolution: Duration { resolution }

    /// Suspends until `deadline`; throws `CancellationError` as soon as the task is cancelled.
    public func sleep(until deadline: Instant, tolerance: Duration? = nil) async throws {
        // In steps: clocks of the standard library trap on instants that are some hundred years away ("for ever").
        while true {
            let step = now.advanced(by: Self.longestSleep)
            guard step < deadline else { break }
            try await sleepUntil(step.offset, tolerance)
        }
        try await sleepUntil(deadline.offset, tolerance)
    }
}
