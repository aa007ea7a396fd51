import DistributedLocks
import DistributedLocksTesting
import Testing

@testable import ZooKeeperLocks

@Suite("The ZooKeeper store conforms")
struct ConformanceTests {
    @Test(arguments: ZooKeeperNaming.allCases, StoreConformance.checks)
    func conforms(_ naming: ZooKeeperNaming, _ check: ConformanceCheck) async throws {
        let server = try await SharedZooKeeper.server()
        let path = SharedZooKeeper.freshPath()
        var fixture = StoreFixture {
            try ZooKeeperStore("zookeeper://127.0.0.1:\(server.port)\(path)?naming=\(naming)&session-timeout=4s")
        }
        fixture.rounds = 10
        let outcome = try await check.run(on: fixture)
        if case .skipped(let reason) = outcome { try Test.cancel("\(reason)") }
    }
}
