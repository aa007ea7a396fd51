import Synchronization

/// What tasks leave to the session's thread: arrivals and departures of waiters at names that this very process uses
/// already, so that many of them share one critical section, and none is done on the threads of the callers.
final class Errands: Sendable {
    /// A request on its way into the queue.
    struct Arrival: Sendable {
        let request: LockRequest
        let isRetry: Bool
        /// Where its task waits.
        let slot: WaitSlot<WaitOutcome>
        /// Who wants to know when it is in the queue, if anybody does; told `nil` if it never is.
        let queued: WaitSlot<Contention?>?

        /// Tells how it went.
        func finish(_ answer: Result<Entrance, LockError>) {
            switch answer {
            case .success(.granted(let held)): end(.granted(held))
            case .success(.waiting(_, let contention)): queued?.finish(contention ?? Contention())
            case .success(.refused(let contention)): end(.expired(contention))
            case .failure(let error): end(.failed(error))
            }
        }

        /// Ends the wait.
        func end(_ outcome: WaitOutcome) {
            slot.finish(outcome)
            queued?.finish(nil)
        }
    }

    /// A claim on its way out of the queue.
    struct Departure: Sendable {
        let claim: LockClaim
        /// Who wants to know; nobody if the time of the claim is over, which is told to its waiter.
        let answer: Latch<Result<ReleaseOutcome, LockError>>?
        let since: ContinuousClock.Instant
    }

    /// What has to be done at one name; arrivals first.
    struct Batch: Sendable {
        var arrivals: [Arrival] = []
        var departures: [Departure] = []

        var isEmpty: Bool { arrivals.isEmpty && departures.isEmpty }
    }

    private struct State {
        var batches: [LockName: Batch] = [:]
        /// The names that the thread is busy with.
        var current: Set<LockName> = []
        var isClosed = false
    }

    private let state = Mutex(State())

    /// What becomes of an errand that is left.
    enum Acceptance {
        /// The session is closed; nobody will do it.
        case refused
        /// It is the first; the thread has to be woken.
        case first
        /// The thread has been woken for another one that it has not taken yet.
        case joined
    }

    /// Leaves an arrival.
    func add(_ arrival: Arrival) -> Acceptance {
        add(at: arrival.request.claim.name) { $0.arrivals.append(arrival) }
    }

    /// Leaves a departure.
    func add(_ departure: Departure) -> Acceptance {
        add(at: departure.claim.name) { $0.departures.append(departure) }
    }

    private func add(at name: LockName, _ body: (inout Batch) -> Void) -> Acceptance {
        state.withLock { state in
            guard !state.isClosed else { return .refused }
            let isFirst = state.batches.isEmpty
            body(&state.batches[name, default: Batch()])
            return isFirst ? .first : .joined
        }
    }

    /// Whether anything is on its way at `name`.
    func concern(_ name: LockName) -> Bool {
        state.withLock { $0.batches[name] != nil || $0.current.contains(name) }
    }

    /// Whether there is anything to do.
    var isEmpty: Bool { state.withLock { $0.batches.isEmpty } }

    /// All that has to be done; the names stay concerned until ``finish(_:)``.
    func take() -> [LockName: Batch] {
        state.withLock { state in
            defer { state.batches = [:] }
            state.current = Set(state.batches.keys)
            return state.batches
        }
    }

    /// Says what is left of what was taken.
    func finish(_ rest: [LockName: Batch]) {
        state.withLock { state in
            state.current = []
            for (name, batch) in rest {
                var whole = batch
                if let later = state.batches[name] {
                    whole.arrivals += later.arrivals
                    whole.departures += later.departures
                }
                state.batches[name] = whole
            }
        }
    }

    /// Takes nothing more.
    ///
    /// - Returns: What has not been done.
    func close() -> [Batch] {
        state.withLock { state in
            state.isClosed = true
            defer { state.batches = [:] }
            return Array(state.batches.values)
        }
    }
}
