public import DistributedLocks
import Synchronization

/// A clock that stands still until a test moves it.
///
/// ```swift
/// let clock = ManualClock()
/// let store = MemoryStore(clock: clock.leaseClock)
/// …
/// clock.advance(by: .seconds(30))
/// ```
///
/// Code that sleeps on it is resumed, earliest deadline first, when the time has come. Resumed tasks run when the
/// scheduler lets them: use ``settle(_:)`` to wait for what they bring about.
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
    }

    private let state = Mutex(State())

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

    /// Moves the time on, and resumes all sleepers whose deadline has come.
    public func advance(by duration: Duration) {
        advance(to: now.advanced(by: duration))
    }

    /// Moves the time to `instant`, never back, and resumes all sleepers whose deadline has come.
    public func advance(to instant: Instant) {
        let due = state.withLock { state in
            state.now = max(state.now, instant)
            let due = state.sleepers.filter { $0.value.deadline <= state.now }
            for number in due.keys { state.sleepers[number] = nil }
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

    private func cancel(_ number: UInt64) {
        let sleeper = state.withLock { state -> Sleeper? in
            if let sleeper = state.sleepers.removeValue(forKey: number) { return sleeper }
            state.cancelled.insert(number)
            return nil
        }
        sleeper?.continuation.resume(throwing: CancellationError())
    }
}
