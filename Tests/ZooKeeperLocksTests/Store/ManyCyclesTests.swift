import Testing

@testable import DistributedLocks
@testable import ZooKeeperLocks

@Suite(.timeLimit(.minutes(2))) struct ManyCyclesTests {
    @Test func `Locks that are given back leave nothing to be done later`() async throws {
        let server = try await SharedZooKeeper.server()
        let store = try ZooKeeperStore("zookeeper://\(server.address)\(SharedZooKeeper.freshPath())")
        let lock = try LockService(store).lock("x")
        for _ in 0..<500 { await (try await lock.acquire()).release() }
        // Timers that are taken back are dropped in bulk.
        #expect(store.timers.entryCount <= 65)
        #expect(store.traces.count == 0)
        #expect(store.holdings.count == 0)
        #expect(try await store.client.watchCount() == 0)
        await store.close()
    }
}
