import DistributedLocks
import Synchronization

extension ZooKeeperStore {
    /// Ends all waits, gives up all claims, and ends the session, which deletes all its nodes; see `LockStore.close`.
    public func close() async {
        guard !isClosed.exchange(true, ordering: .sequentiallyConsistent) else { return }
        waiting.close()
        holdings.close()
        await client.close()
        timers.close()
    }
}
