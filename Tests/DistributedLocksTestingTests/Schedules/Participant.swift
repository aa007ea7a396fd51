import DistributedLocks
import DistributedLocksTesting
import Synchronization

/// One service with a line of its own to the store.
struct Participant: Sendable {
    let line: FaultyStore
    let service: LockService
}

/// An acquire under way, and what became of it.
final class Trial: Sendable {
    private struct State {
        var result: Result<Lease, any Error>?
        var wasLost = false
    }

    private let state = Mutex(State())
    private let task = Mutex<Task<Void, Never>?>(nil)

    init(_ lock: DistributedLock, timeout: Duration?) {
        task.withLock { task in
            task = Task {
                let result: Result<Lease, any Error>
                do {
                    result = .success(try await lock.acquire(timeout: timeout))
                } catch {
                    result = .failure(error)
                }
                self.state.withLock { $0.result = result }
            }
        }
    }

    var result: Result<Lease, any Error>? { state.withLock { $0.result } }
    var hasEnded: Bool { result != nil }
    var lease: Lease? { try? result?.get() }

    /// The lease, if it may be relied on now.
    var liveLease: Lease? {
        guard let lease else { return nil }
        if case .lost = lease.state {
            state.withLock { $0.wasLost = true }
            return nil
        }
        return lease
    }

    /// Whether the lease was lost when it was looked at before. Losses are for good.
    var wasLost: Bool { state.withLock { $0.wasLost } }

    func cancel() { task.withLock { $0 }?.cancel() }
}

/// Something that goes on by itself, and must end.
final class Chore: Sendable {
    private let end = Mutex(false)

    init(_ work: @escaping @Sendable () async -> Void) {
        Task {
            await work()
            end.withLock { $0 = true }
        }
    }

    var hasEnded: Bool { end.withLock { $0 } }
}
