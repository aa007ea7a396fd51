import DistributedLocks

/// When to look at a store again that has not shown yet what is waited for: a value without I/O.
///
/// The time between two looks grows by half from `first` to `longest`, so that a short wait ends soon and a long one costs
/// little. The last look is at the deadline.
struct LookSchedule: Hashable {
    private let deadline: LeaseClock.Instant?
    private let longest: Duration
    private var pause: Duration

    /// A schedule that begins now.
    ///
    /// - Parameters:
    ///   - start: The instant of the first look.
    ///   - timeout: How long to go on; for ever if `nil`.
    ///   - first: The time between the first two looks.
    ///   - longest: The longest time between two looks.
    init(start: LeaseClock.Instant, timeout: Duration?, first: Duration, longest: Duration) {
        deadline = timeout.map(start.advanced(by:))
        pause = first
        self.longest = longest
    }

    /// When to look again after a look at `now`; `nil` if the time is over.
    mutating func next(at now: LeaseClock.Instant) -> LeaseClock.Instant? {
        if let deadline, deadline <= now { return nil }
        let next = now.advanced(by: pause)
        pause = min(pause * 1.5, longest)
        return deadline.map { min($0, next) } ?? next
    }
}
