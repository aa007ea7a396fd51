import DistributedLocksTesting
import Testing

@testable import ZooKeeperLocks

@Suite struct FakeZooKeeperServerTests {
    /// Our own client takes it for a real one.
    @Test(arguments: StoreConformance.checks)
    func `A store on it conforms`(_ check: ConformanceCheck) async throws {
        try await FakeZooKeeperServer.with(FakeOptions(servers: 3, tick: .milliseconds(200))) { server in
            let addresses = server.addresses
            var fixture = StoreFixture { try ZooKeeperStore("zookeeper://\(addresses)/locks?session-timeout=4s") }
            fixture.rounds = 5
            let outcome = try await check.run(on: fixture)
            if case .skipped(let reason) = outcome { try Test.cancel("\(reason)") }
        }
    }

    @Test func `It can be looked at, and disturbed, while it serves`() async throws {
        try await FakeZooKeeperServer.with { server in
            try await server.command { try $0.create("/a", data: [1]) }
            let real = RealEnsemble(port: server.ports[0])
            let lines = try Performance(Script([.request(client: 0, .getChildren(path: ""))]), on: real, below: "/x")
                .lines
            #expect(lines.contains { $0.contains("[]") })
            #expect(try await server.command { $0.head.node("/a")?.data } == [1])
            #expect(try await server.command { $0.requestCounts[.getChildren] } == 1)
        }
    }
}
