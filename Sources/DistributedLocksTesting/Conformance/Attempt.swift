import DistributedLocks
import Synchronization

/// One call of `LockStore.acquire(_:)` in a task of its own.
final class Attempt: Sendable {
    let request: LockRequest
    let client: any LockStore
    private let task: Task<Acquisition, any Error>
    private let outbox = Outbox()

    /// Sends the request; calls `onEnd` in the task as soon as the store has answered.
    init(
        _ request: LockRequest,
        on client: any LockStore,
        onEnd: @escaping @Sendable (Result<Acquisition, any Error>) -> Void = { _ in }
    ) {
        let outbox = outbox
        self.request = request
        self.client = client
        task = Task {
            do {
                let acquisition = try await client.acquire(request)
                outbox.put(.success(acquisition), onEnd)
                return acquisition
            } catch {
                outbox.put(.failure(error), onEnd)
                throw error
            }
        }
    }

    var claim: LockClaim { request.claim }

    /// How it ended; `nil` as long as it waits.
    var result: Result<Acquisition, any Error>? { outbox.result }

    /// Waits until it has ended.
    func end() async -> Result<Acquisition, any Error> { await task.result }

    func cancel() { task.cancel() }

    private final class Outbox: Sendable {
        private let stored = Mutex<Result<Acquisition, any Error>?>(nil)

        var result: Result<Acquisition, any Error>? { stored.withLock { $0 } }

        func put(
            _ result: Result<Acquisition, any Error>,
            _ onEnd: @Sendable (Result<Acquisition, any Error>) -> Void
        ) {
            stored.withLock { $0 = result }
            onEnd(result)
        }
    }
}

extension Result where Success == Acquisition, Failure == any Error {
    /// The grant, if there is one.
    var grant: Grant? {
        if case .success(.granted(let grant)) = self { grant } else { nil }
    }

    var contention: Contention? {
        if case .success(.unavailable(let contention)) = self { contention } else { nil }
    }

    var isCancellation: Bool {
        if case .failure(let error) = self { error is CancellationError } else { false }
    }

    /// In words.
    var summary: String {
        switch self {
        case .success(.granted(let grant)): "a grant with token \(grant.token)"
        case .success(.unavailable(let contention)): "the answer \"unavailable\" (\(contention))"
        case .failure(let error): "the error \(error)"
        }
    }
}
