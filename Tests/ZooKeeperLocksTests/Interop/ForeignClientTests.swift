import DistributedLocks
import TestSupport
import Testing
import ZooKeeperLocks

@Suite(.timeLimit(.minutes(4))) struct ForeignClientTests {
    /// Runs a body with a client of ours behind a proxy, and another one that reaches the server directly.
    private func scene(_ naming: ZooKeeperNaming, _ body: (ForeignScene) async throws -> Void) async throws {
        let (server, folder) = (try await SharedZooKeeper.server(), SharedZooKeeper.freshPath())
        try await ZooKeeperProxy.with(server) { proxy in
            try await OwnClients.with(1, at: proxy.address, path: folder, naming: naming) { near in
                try await OwnClients.with(1, at: server.address, path: folder, naming: naming) { far in
                    try await body(
                        ForeignScene(server: server, proxy: proxy, path: "\(folder)/x", own: near[0], other: far[0])
                    )
                }
            }
        }
    }

    @Test(arguments: Pairing.pairs)
    func `A holder of another program is shown, and wakes our first waiter, who has asked for nothing meanwhile`(
        _ pairing: Pairing
    ) async throws {
        try await scene(pairing.naming) { scene in
            let holder = try await PeerProcess.hold(pairing.clients[0], scene.server.address, path: scene.path)
            let token = try await holder.time("held")
            let status = try await scene.other.status(of: "x")
            #expect(status.holders.map(\.token?.rawValue) == [UInt64(token)])
            #expect(status.holders.first?.holder.label?.hasPrefix("another program's lock") == true)
            #expect(status.holders.first?.owner == nil && status.waiters.isEmpty)
            #expect(try await scene.other.lock("x").tryAcquire() == nil)

            let isQueued = Shared(false)
            async let first = scene.turn(of: scene.own, isQueued)
            try await waitUntil("our waiter") { isQueued.withLock { $0 } }
            async let second = scene.turn(of: scene.other)
            try await scene.waitUntil(waiters: 2)
            scene.proxy.forget()
            try await Task.sleep(for: .seconds(1))
            #expect(scene.questions == [], "while it waits")
            #expect(scene.proxy.events.isEmpty)
            let told = PeerProcess.now
            holder.send()
            let (one, two) = (try await first, try await second)
            #expect(told < one.time && one.time < two.time)
            #expect(token < one.token && one.token < two.token)
            #expect(scene.proxy.events.count == 1)
            // It has looked once whether it is its turn. A lock that is held for so short a time is not watched.
            #expect(scene.questions.filter { $0 == .getChildren || $0 == .getChildren2 }.count == 1)
            try await holder.finished()
            #expect(try await scene.isClean())
        }
    }

    @Test(arguments: Pairing.pairs)
    func `A waiter of another program is shown, is woken by us without asking, and has its turn before ours`(
        _ pairing: Pairing
    ) async throws {
        try await scene(pairing.naming) { scene in
            let lease = try await scene.other.lock("x").acquire()
            try await ZooKeeperProxy.with(scene.server) { between in
                let waiter = try await PeerProcess.wait(pairing.clients[0], between.address, path: scene.path)
                try await scene.waitUntil(waiters: 1)
                async let last = scene.turn(of: scene.own)
                try await scene.waitUntil(waiters: 2)
                let status = try await scene.own.status(of: "x")
                #expect(status.holders.map(\.token) == [lease.fencingToken])
                #expect(status.waiters.first?.holder.label?.hasPrefix("another program's lock") == true)
                #expect(status.waiters.first?.owner == nil && status.waiters.last?.owner != nil)
                #expect(waiter.output == "")

                // It sets its watch after it has made its node.
                try await waitUntil("its watch") {
                    try await !scene.watchers(of: lease).isDisjoint(with: between.sessions.map(\.number))
                }
                between.forget()
                try await Task.sleep(for: .seconds(1))
                #expect(between.requests.allSatisfy { $0.operation == .ping }, "while it waits")
                let released = PeerProcess.now
                await lease.release()
                let acquired = try await waiter.time("acquired")
                let own = try await last
                #expect(released < acquired && acquired < own.time)
                #expect(lease.number < own.token)
                #expect(between.events.count == 1)
                try await waiter.finished()
            }
            #expect(try await scene.isClean())
        }
    }

    @Test(arguments: Pairing.pairs)
    func `A client that is killed while it holds the lock is passed over when its session is over`(
        _ pairing: Pairing
    ) async throws {
        try await scene(pairing.naming) { scene in
            let client = pairing.clients[0]
            let holder = try await PeerProcess.hold(client, scene.server.address, path: scene.path, session: 2)
            let token = try await holder.time("held")
            let session = try #require(try await scene.nodes().first?.ephemeralOwner)
            async let turn = scene.turn(of: scene.own)
            try await scene.waitUntil(waiters: 1)
            try await holder.kill()
            #expect(try await scene.server.sessions().contains(session), "a session that outlives its client")
            #expect(token < (try await turn).token)
            #expect(try await !scene.server.sessions().contains(session))
            #expect(try await scene.isClean())
        }
    }

    @Test(arguments: Pairing.pairs)
    func `A client that is killed while it waits does not hold up those behind it for longer than its session`(
        _ pairing: Pairing
    ) async throws {
        try await scene(pairing.naming) { scene in
            let lease = try await scene.other.lock("x").acquire()
            let client = pairing.clients[0]
            let waiter = try await PeerProcess.hold(client, scene.server.address, path: scene.path, session: 2)
            try await scene.waitUntil(waiters: 1)
            async let turn = scene.turn(of: scene.own)
            try await scene.waitUntil(waiters: 2)
            try await waiter.kill()
            await lease.release()
            #expect(lease.number < (try await turn).token)
            #expect(try await scene.isClean())
        }
    }
}
