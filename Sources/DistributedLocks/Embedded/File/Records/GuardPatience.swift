#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// How long to try for the guard of a lock file, which other processes hold for a few microseconds at a time, unless
/// they are stopped in the middle.
enum GuardPatience: Sendable {
    /// For so long; then throw the error.
    case limited(Duration, LockError)
    /// Until this instant; then give up without an error.
    case until(LeaseClock.Instant)
    /// Until the task is cancelled.
    case unlimited
}

/// The waits between attempts at the guard of a lock file: first only a turn for other threads, then sleeps that grow.
struct GuardBackoff {
    private let clock: LeaseClock
    private let random: RandomSource
    private let start: LeaseClock.Instant
    private var attempts = 0

    private static let yields = 20
    private static let sleeps = Duration.microseconds(50)...Duration.milliseconds(2)
    private static let longSleep = Duration.milliseconds(20)

    init(clock: LeaseClock, random: RandomSource) {
        self.clock = clock
        self.random = random
        start = clock.now
    }

    /// Waits a little before the next attempt.
    ///
    /// - Returns: `false` if the patience is over.
    /// - Throws: The error of the patience, or `CancellationError`.
    mutating func pause(_ patience: GuardPatience) async throws -> Bool {
        attempts += 1
        let now = clock.now
        switch patience {
        case .limited(let duration, let error): if start.duration(to: now) >= duration { throw error }
        case .until(let deadline): if now >= deadline { return false }
        case .unlimited: break
        }
        try Task.checkCancellation()
        if attempts <= Self.yields {
            sched_yield()
        } else {
            try await clock.sleep(until: now.advanced(by: delay(after: start.duration(to: now))))
        }
        return true
    }

    private func delay(after elapsed: Duration) -> Duration {
        // Whoever holds it for so long is stopped, and may be so for hours.
        if elapsed > .seconds(1) { return Self.longSleep }
        let grown = Self.sleeps.lowerBound * (1 << min(attempts - Self.yields, 6))
        return Self.sleeps.lowerBound + random.jitter(upTo: min(grown, Self.sleeps.upperBound))
    }
}
