import DistributedLocks
import TestSupport
import Testing

@testable import ZooKeeperLocks

@Suite(.timeLimit(.minutes(2))) struct DroppedStoreTests {
    @Test func `A store that is dropped without having been closed ends its session`() async throws {
        let server = try await SharedZooKeeper.server()
        try await ZooKeeperProxy.with(server) { proxy in
            let url = "zookeeper://\(proxy.address)\(SharedZooKeeper.freshPath())"
            try await { try await LockService(ZooKeeperStore(url)).lock("x").withLock { _ in } }()
            try await waitUntil("the end of the session") {
                proxy.replies.contains { $0.operation == .closeSession }
            }
        }
    }
}
