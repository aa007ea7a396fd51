import Glibc
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(3))) struct ZooKeeperPeerTests {
    private typealias Client = PeerProcess.Client

    /// Lets clients contend for one path, until all are done.
    private func contest(_ clients: [Client], isFirstBroken: Bool = false) async throws -> ContestLog {
        let (log, path) = (try ContestLog(), SharedZooKeeper.freshPath())
        let server = try await SharedZooKeeper.server()
        var peers: [PeerProcess] = []
        for (index, client) in clients.enumerated() {
            let isBroken = isFirstBroken && index == 0
            peers.append(
                try await .contend(client, server.address, path: path, seconds: 2, log: log, isBroken: isBroken)
            )
        }
        try await PeerProcess.begin(peers)
        for peer in peers { try await peer.finished() }
        return log
    }

    @Test(arguments: PeerProcess.Client.allCases)
    func `A client excludes itself, and is fair`(_ client: PeerProcess.Client) async throws {
        let log = try await contest([client, client])
        #expect(log.overlaps == [])
        #expect(log.disorder == [])
        #expect(log.errors == [])
        #expect(log.holds.allSatisfy { $0.token != nil && $0.invoked != nil && $0.name == client.name })
        #expect(Set(log.holds.map(\.pid)).count == 2)
        #expect(log.handOvers >= 2, "\(log.counts)")
    }

    @Test func `kazoo and Curator do not exclude each other, and that is noticed`() async throws {
        let log = try await contest([.kazoo, .curator])
        #expect(log.overlaps.contains { $0.hasPrefix("OVERLAP") }, "by the file")
        #expect(log.overlaps.contains { $0.contains("took it while") }, "by the times")
        #expect(log.errors == [])
    }

    @Test(arguments: [PeerProcess.Client.kazoo, .curator])
    func `One that does not take the lock is noticed`(_ client: PeerProcess.Client) async throws {
        let log = try await contest([client, client], isFirstBroken: true)
        #expect(log.overlaps.contains { $0.hasPrefix("OVERLAP") })
        #expect(log.errors == [])
    }

    @Test(arguments: PeerProcess.Client.allCases)
    func `A client holds the lock until it is told, and another one waits`(_ client: PeerProcess.Client) async throws {
        let (server, path) = (try await SharedZooKeeper.server(), SharedZooKeeper.freshPath())
        let inspector = try server.inspector()
        let holder = try await PeerProcess.hold(client, server.address, path: path)
        let token = try await holder.time("held")
        #expect(try await inspector.children(path).map(\.czxid) == [Int64(token)])
        let waiter = try await PeerProcess.wait(client, server.address, path: path)
        try await waitUntil("the waiter") { try await inspector.children(path).count == 2 }
        #expect(waiter.output == "")
        let told = PeerProcess.now
        holder.send()
        let (released, acquired) = (try await holder.time("released"), try await waiter.time("acquired"))
        #expect(told < released && told < acquired)
        #expect(max(released, acquired) < PeerProcess.now)
        try await holder.finished()
        try await waiter.finished()
        #expect(try await inspector.children(path).isEmpty)
    }

    @Test(arguments: [PeerProcess.Client.kazoo, .curator])
    func `The lock of a client that is killed is free after its session`(_ client: PeerProcess.Client) async throws {
        let (server, path) = (try await SharedZooKeeper.server(), SharedZooKeeper.freshPath())
        let holder = try await PeerProcess.hold(client, server.address, path: path, session: 3)
        try await holder.line("held")
        try await holder.kill()
        #expect(kill(holder.pid, 0) == -1)
        let waiter = try await PeerProcess.wait(client, server.address, path: path)
        try await waiter.time("acquired")
        try await waiter.finished()
    }

    @Test func `Holds in the wrong order are noticed`() async throws {
        let log = try ContestLog()
        for token in [1, 3, 2] { try await log.hold(as: "own", token: token) }
        try await log.hold(as: "own")
        #expect(log.overlaps == [])
        #expect(log.disorder.count == 1)
        #expect(log.disorder.first?.contains("with 2 after") == true)
    }
}
