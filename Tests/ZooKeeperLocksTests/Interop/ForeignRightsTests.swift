import DistributedLocks
import TestSupport
import Testing
import ZooKeeperLocks

@Suite(.timeLimit(.minutes(2))) struct ForeignRightsTests {
    @Test(arguments: ZooKeeperNaming.allCases)
    func `A lock that belongs to somebody else is refused at once: there is nothing to take back`(
        _ naming: ZooKeeperNaming
    ) async throws {
        let (server, folder) = (try await SharedZooKeeper.server(), SharedZooKeeper.freshPath())
        let inspector = try server.inspector()
        try await inspector.create("\(folder)/x")
        try await inspector.protect("\(folder)/x", user: "somebody", password: "else")
        try await ZooKeeperProxy.with(server) { proxy in
            try await OwnClients.with(1, at: proxy.address, path: folder, naming: naming) { services in
                let error = await #expect(throws: LockError.self) { try await services[0].lock("x").acquire() }
                guard case .denied = error else {
                    Issue.record("\(error?.description ?? "")")
                    return
                }
                await services[0].drain()
                // What makes the nodes, and lists them, goes out together; nothing comes after it.
                #expect(proxy.requests.filter { $0.contains("\(folder)/x") }.count == 2)
                let lease = try await services[0].lock("y").acquire()
                #expect(await lease.release() == .released)
            }
        }
    }
}
