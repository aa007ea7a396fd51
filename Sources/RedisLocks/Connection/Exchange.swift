import DistributedLocks
import Synchronization

/// Commands that are sent together, and the reply to the last of them.
///
/// Completed once: by the reply, by a failure, by its deadline or by the cancellation of the task that waits for it. What
/// comes later is dropped, but its place among the replies of the connection is kept.
final class Exchange: Sendable {
    private enum State {
        case waiting(UnsafeContinuation<RESPValue, any Error>?)
        case done(Result<RESPValue, RequestFailure>)
    }

    /// What is sent.
    let commands: [RedisCommand]
    /// When its reply counts as lost.
    let deadline: LeaseClock.Instant

    private let state = Mutex(State.waiting(nil))
    /// What is done with the reply first, on the event loop, in the order in which replies and messages arrive.
    private let inspect: Inspection?
    private let sent: LeaseClock.Instant

    /// Sees a reply, and when its request was sent.
    typealias Inspection = @Sendable (RESPValue, LeaseClock.Instant) -> Void

    /// Makes an exchange that has not been sent.
    ///
    /// - Parameters:
    ///   - commands: What to send, without anything in between.
    ///   - deadline: When to give up.
    ///   - sent: The present, just before it is sent.
    ///   - inspect: Called with the reply before anyone else sees it, unless the exchange has ended already. It must not
    ///     block.
    init(
        _ commands: [RedisCommand],
        deadline: LeaseClock.Instant,
        sent: LeaseClock.Instant,
        inspect: Inspection? = nil
    ) {
        self.commands = commands
        self.deadline = deadline
        self.sent = sent
        self.inspect = inspect
    }

    /// Whether nobody waits for the reply any more.
    var isDone: Bool {
        state.withLock { state in
            if case .done = state { true } else { false }
        }
    }

    /// Waits for the reply.
    ///
    /// - Throws: ``RequestFailure``; ``RequestFailure/cancelled`` as soon as the task is cancelled.
    func reply() async throws(RequestFailure) -> RESPValue {
        do {
            return try await withTaskCancellationHandler {
                try await withUnsafeThrowingContinuation { enter($0) }
            } onCancel: {
                fail(.cancelled)
            }
        } catch let failure as RequestFailure {
            throw failure
        } catch {
            throw .cancelled
        }
    }

    /// Delivers the reply.
    func succeed(_ value: RESPValue) {
        finish(.success(value))
    }

    /// Ends the exchange without a reply.
    func fail(_ failure: RequestFailure) {
        finish(.failure(failure))
    }

    /// The continuation is resumed exactly once: here, or by whoever finishes the exchange. (It is not a checked one, since
    /// this is what every request passes through.)
    private func enter(_ continuation: UnsafeContinuation<RESPValue, any Error>) {
        let result = state.withLock { state -> Result<RESPValue, RequestFailure>? in
            if case .done(let result) = state { return result }
            state = .waiting(continuation)
            return nil
        }
        if let result { continuation.resume(with: result.mapError { $0 as any Error }) }
    }

    private func finish(_ result: Result<RESPValue, RequestFailure>) {
        let continuation = state.withLock { state -> UnsafeContinuation<RESPValue, any Error>?? in
            guard case .waiting(let continuation) = state else { return nil }
            state = .done(result)
            return .some(continuation)
        }
        guard let continuation else { return }
        if case .success(let value) = result { inspect?(value, sent) }
        continuation?.resume(with: result.mapError { $0 as any Error })
    }
}
