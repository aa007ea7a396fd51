import DistributedLocks
import Synchronization

/// Requests that are sent together, and what comes of each.
///
/// Ends once: when the last has its outcome, at its deadline, or when the task that waits for it is cancelled. What comes
/// later is dropped, but its place among the answers of the connection is kept.
final class Exchange: Sendable {
    /// What came of one request.
    typealias Outcome = Result<Answer, RequestFailure>

    private struct State {
        var outcomes: [Outcome?]
        var missing: Int
        var continuation: UnsafeContinuation<[Outcome], Never>?
        var isTaken = false
    }

    /// What is sent: an operation, and who is told if the watch that it sets fires.
    let requests: [(Operation, Watch?)]
    /// Whether the paths are those that the servers know, and not below the chroot.
    let isAbsolute: Bool
    private let state: Mutex<State>

    /// Makes an exchange that has not been sent.
    init(_ requests: [(Operation, Watch?)], isAbsolute: Bool = false) {
        self.requests = requests
        self.isAbsolute = isAbsolute
        state = Mutex(State(outcomes: Array(repeating: nil, count: requests.count), missing: requests.count))
    }

    /// Waits for the outcomes, in the order of the requests.
    func outcomes() async -> [Outcome] {
        await withTaskCancellationHandler {
            await withUnsafeContinuation { enter($0) }
        } onCancel: {
            end(.cancelled)
        }
    }

    /// One request has its outcome.
    ///
    /// - Returns: Whether that is news: it has not ended before.
    @discardableResult
    func finish(_ index: Int, _ outcome: Outcome) -> Bool {
        var isNews = false
        let ready = state.withLock { state -> (UnsafeContinuation<[Outcome], Never>, [Outcome])? in
            guard state.outcomes[index] == nil else { return nil }
            isNews = true
            state.outcomes[index] = outcome
            state.missing -= 1
            return Self.take(&state)
        }
        if let (continuation, outcomes) = ready { continuation.resume(returning: outcomes) }
        return isNews
    }

    /// Gives up on whatever has no outcome yet.
    func end(_ failure: RequestFailure) {
        let ready = state.withLock { state -> (UnsafeContinuation<[Outcome], Never>, [Outcome])? in
            guard state.missing > 0 else { return nil }
            for index in state.outcomes.indices where state.outcomes[index] == nil {
                state.outcomes[index] = .failure(failure)
            }
            state.missing = 0
            return Self.take(&state)
        }
        if let (continuation, outcomes) = ready { continuation.resume(returning: outcomes) }
    }

    /// The continuation is resumed exactly once: here, or by whoever brings the last outcome. (It is not a checked one, since
    /// this is what every request passes through.)
    private func enter(_ continuation: UnsafeContinuation<[Outcome], Never>) {
        let ready = state.withLock { state in
            state.continuation = continuation
            return Self.take(&state)
        }
        if let (continuation, outcomes) = ready { continuation.resume(returning: outcomes) }
    }

    private static func take(_ state: inout State) -> (UnsafeContinuation<[Outcome], Never>, [Outcome])? {
        guard state.missing == 0, !state.isTaken, let continuation = state.continuation.take() else { return nil }
        state.isTaken = true
        return (continuation, state.outcomes.compactMap(\.self))
    }
}
