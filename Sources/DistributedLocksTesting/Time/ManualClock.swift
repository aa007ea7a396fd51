public import DistributedLocks
import Synchronization

/// A clock that stands still until a test moves it.
///
/// ```swift
/// let clock = ManualClock()
/// let store = MemoryStore(clock: clock.leaseClock)
/// …
/// await clock.advance(by: .seconds(30))   // leases are renewed on the way, as they would be in real time
/// ```
///
/// ``advance(by:)`` is the way to let time pass: it goes from one sleeper's deadline to the next, and lets everything that
/// is due run before it goes on. ``jump(by:)`` moves the time in one step, as for a process that was stopped: leases that were
/// not renewed meanwhile are lost.
public final class ManualClock: Clock, Sendable {
    /// A point in the clock's time, counted from its making.
    public typealias Instant = LeaseClock.Instant

    private struct Sleeper {
        let deadline: Instant
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var now = Instant(offset: .zero)
        var sleepers: [UInt64: Sleeper] = [:]
        var cancelled: Set<UInt64> = []
        var nextNumber: UInt64 = 0
        /// Sleepers that have been resumed, and have not run yet.
        var woken: Set<UInt64> = []
        /// Counts whatever happens here.
        var events: UInt64 = 0
    }

    private let state = Mutex(State())

    /// How many have been resumed and have not run yet.
    var wokenCount: Int { state.withLock { $0.woken.count } }

    /// How much has happened here so far.
    var eventCount: UInt64 { state.withLock { $0.events } }

    /// Makes a clock that stands at zero.
    public init() {}

    /// The present instant.
    public var now: Instant { state.withLock { $0.now } }

    /// One nanosecond.
    public var minimumResolution: Duration { .nanoseconds(1) }

    /// The clock as stores and services take it. Its instants are the same.
    public var leaseClock: LeaseClock { LeaseClock(self, origin: Instant(offset: .zero)) }

    /// How many tasks sleep now.
    public var sleeperCount: Int { state.withLock { $0.sleepers.count } }

    /// When the first sleeper wants to wake; `nil` if nobody sleeps.
    public var nextDeadline: Instant? { state.withLock { $0.sleepers.values.map(\.deadline).min() } }

    /// Lets time pass: moves from one sleeper's deadline to the next, and lets everything run at each of them until it is idle
    /// or sleeps again.
    ///
    /// What is due is done when this returns, as far as it depends on this clock and on tasks only; for what waits for something
    /// else (a socket, another process) use ``settle(_:)``.
    public func advance(by duration: Duration) async {
        await advance(to: now.advanced(by: duration))
    }

    /// Lets time pass until `instant`; see ``advance(by:)``. Never goes back.
    public func advance(to instant: Instant) async {
        await Quiescence(of: self).reached()
        while let next = nextDeadline, next <= instant {
            jump(to: next)
            await Quiescence(of: self).reached()
        }
        jump(to: instant)
        await Quiescence(of: self).reached()
    }

    /// Moves the time on in one step, and resumes all sleepers whose deadline has come; see ``jump(to:)``.
    public func jump(by duration: Duration) {
        jump(to: now.advanced(by: duration))
    }

    /// Moves the time to `instant` in one step, never back, and resumes all sleepers whose deadline has come, earliest first.
    ///
    /// It is what a process that was stopped sees when it goes on. Nothing has run in between; what is resumed runs when the
    /// scheduler lets it.
    public func jump(to instant: Instant) {
        let due = state.withLock { state in
            state.now = max(state.now, instant)
            let due = state.sleepers.filter { $0.value.deadline <= state.now }
            for number in due.keys { state.sleepers[number] = nil }
            state.woken.formUnion(due.keys)
            return due.sorted { ($0.value.deadline, $0.key) < ($1.value.deadline, $1.key) }
        }
        for (_, sleeper) in due { sleeper.continuation.resume() }
    }

    /// Suspends until the time has been moved to `deadline`; throws `CancellationError` at once on cancellation.
    public func sleep(until deadline: Instant, tolerance: Duration? = nil) async throws {
        let number = state.withLock { state in
            state.nextNumber += 1
            return state.nextNumber
        }
        defer { arrive(number) }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                enter(Sleeper(deadline: deadline, continuation: continuation), number: number)
            }
        } onCancel: {
            cancel(number)
        }
    }

    /// Waits, without moving the time, until `condition` is true, giving other tasks the chance to run.
    ///
    /// - Returns: Whether the condition became true within a generous number of tries.
    @discardableResult
    public func settle(_ condition: @Sendable () async throws -> Bool) async rethrows -> Bool {
        for attempt in 0..<100_000 {
            if try await condition() { return true }
            if attempt % 1_000 == 999 { try? await ContinuousClock().sleep(for: .milliseconds(1)) }
            await Task.yield()
        }
        return false
    }

    private enum Entry {
        case sleeping
        case due
        case cancelled
    }

    private func enter(_ sleeper: Sleeper, number: UInt64) {
        let entry = state.withLock { state -> Entry in
            if state.cancelled.remove(number) != nil { return .cancelled }
            state.events += 1
            if sleeper.deadline <= state.now { return .due }
            state.sleepers[number] = sleeper
            return .sleeping
        }
        switch entry {
        case .sleeping: break
        case .due: sleeper.continuation.resume()
        case .cancelled: sleeper.continuation.resume(throwing: CancellationError())
        }
    }

    /// A sleeper goes on.
    private func arrive(_ number: UInt64) {
        state.withLock { state in
            state.events += 1
            state.woken.remove(number)
        }
    }

    private func cancel(_ number: UInt64) {
        let sleeper = state.withLock { state -> Sleeper? in
            if let sleeper = state.sleepers.removeValue(forKey: number) {
                state.woken.insert(number)
                return sleeper
            }
            state.cancelled.insert(number)
            return nil
        }
        sleeper?.continuation.resume(throwing: CancellationError())
    }
}
