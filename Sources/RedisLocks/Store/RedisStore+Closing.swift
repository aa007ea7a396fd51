import DistributedLocks
import Synchronization

extension RedisStore {
    /// Ends all waits, gives up all claims, and closes the connection; see `LockStore.close`.
    public func close() async {
        guard !isClosed.exchange(true, ordering: .sequentiallyConsistent) else { return }
        let waiting = room.close()
        let held = holdings.close()
        for holding in held { holding.signal.raise(.closed) }
        let deadline = clock.now.advanced(by: Self.closingTime)
        if calls.client.current != nil {
            await withTaskGroup(of: Void.self) { group in
                for claim in waiting {
                    guard let keys = try? keys(of: claim.name) else { continue }
                    group.addTask { _ = try? await self.calls.release(claim.owner, keys, deadline: deadline) }
                }
                for holding in held {
                    group.addTask { _ = try? await self.calls.release(holding.owner, holding.keys, deadline: deadline) }
                }
            }
        }
        timers.close()
        calls.client.close()
        replication?.calls.client.close()
    }

    /// How long closing waits for the server at the most.
    private static let closingTime = Duration.seconds(1)
}
