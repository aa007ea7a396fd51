import DistributedLocks
import TestSupport
import Testing

extension EnsembleTests {
    /// Servers that die, and come back. One test at a time: each has three servers of its own.
    @Suite(.serialized) struct DeathTests {
        enum Victim: CaseIterable {
            case leader, follower
        }

        @Test(arguments: Victim.allCases)
        func `The server that a holder is connected to dies: it keeps the lock, and the others go on`(
            _ victim: Victim
        ) async throws {
            try await EnsembleScene.with { scene in
                let (leader, followers) = (try await scene.ensemble.leader(), try await scene.ensemble.followers())
                let dead = victim == .leader ? leader : followers[0]
                try await ZooKeeperProxy.with(dead) { proxy in
                    try await scene.with(at: proxy.address, session: .seconds(20)) { own in
                        proxy.redirect(to: followers[1])
                        proxy.forget()
                        try await scene.with(3, at: scene.ensemble.addresses, session: .seconds(20)) { others in
                            try await survive(dead, scene, own[0], others)
                            #expect(proxy.counts[.handshake] != nil)
                        }
                    }
                }
            }
        }

        private func survive(
            _ dead: TestZooKeeperServer,
            _ scene: EnsembleScene,
            _ own: LockService,
            _ others: [LockService]
        ) async throws {
            try await Crowd.with(Array(others.dropLast()), scene) { crowd in
                let stay = try await Stay.begin(own, scene, as: "holder")
                let next = Task { try await Stay.begin(others[2], scene, as: "next") }
                try await scene.waitFor(claims: 4)
                let before = try await scene.nodes()
                try await dead.kill()
                try await stay.isConfirmed()
                _ = try await scene.ensemble.leader(among: scene.ensemble.servers.filter { $0 !== dead })
                #expect(try await scene.nodes().map(\.czxid) == before.map(\.czxid), "nobody has lost a place")
                #expect(try await stay.end() == .released)
                let second = try await next.value
                #expect(stay.token < second.token)
                #expect(before.map(\.czxid).contains(Int64(second.token)))
                #expect(try await second.end() == .released)
                try await crowd.everybodyHasTurns()
                try await dead.start()
                #expect(try await scene.ensemble.followers().count == 2)
            }
            try await scene.expectHealthy([own] + others)
        }

        @Test(arguments: Victim.allCases)
        func `The majority dies: the lock is lost in time, and goes to the next one when the majority is back`(
            _ victim: Victim
        ) async throws {
            let session = Duration.seconds(3)
            try await EnsembleScene.with { scene in
                let (leader, followers) = (try await scene.ensemble.leader(), try await scene.ensemble.followers())
                let dead = victim == .leader ? [leader, followers[0]] : followers
                try await scene.with(3, at: scene.ensemble.addresses, session: session) { services in
                    let stay = try await Stay.begin(services[0], scene, as: "holder")
                    let next = Task { try await Stay.begin(services[1], scene, as: "next") }
                    try await scene.waitFor(claims: 2)
                    for server in dead { try await server.kill() }
                    let end = LeaseClock.continuous.now
                    await #expect(throws: LockError.self) {
                        try await services[2].lock(EnsembleScene.name).acquire(timeout: .milliseconds(500))
                    }
                    _ = try await stay.loss()
                    // Nothing that has been sent since then can have been confirmed.
                    #expect(try #require(stay.lease.validUntil) <= end.advanced(by: session))
                    #expect(await stay.lease.release() != .released)
                    for server in dead { try server.launch() }
                    let second = try await next.value
                    #expect(stay.token < second.token)
                    #expect(try await second.end() == .released)
                    #expect(try await scene.ensemble.followers().count == 2)
                    try await scene.expectHealthy(services, after: second.token)
                }
            }
        }

        @Test func `The majority stands still for a moment: the lock is kept`() async throws {
            try await EnsembleScene.with(.init(syncLimit: 100)) { scene in
                let followers = try await scene.ensemble.followers()
                try await scene.with(2, at: scene.ensemble.addresses, session: .seconds(12)) { services in
                    let stay = try await Stay.begin(services[0], scene, as: "holder")
                    let next = Task { try await Stay.begin(services[1], scene, as: "next") }
                    try await scene.waitFor(claims: 2)
                    for server in followers { try await server.pause() }
                    try await Task.sleep(for: .seconds(2))
                    for server in followers { server.resume() }
                    try await stay.isConfirmed()
                    #expect(try await stay.end() == .released)
                    let second = try await next.value
                    #expect(stay.token < second.token)
                    #expect(try await second.end() == .released)
                    try await scene.expectHealthy(services, after: second.token)
                }
            }
        }

        @Test func `All servers are restarted one after the other, and hardly anybody notices`() async throws {
            try await EnsembleScene.with { scene in
                try await scene.with(4, at: scene.ensemble.addresses, session: .seconds(20)) { services in
                    let lease = try await services[3].lock("kept").acquire()
                    try await Crowd.with(Array(services.dropLast()), scene) { crowd in
                        for server in scene.ensemble.servers {
                            try await server.restart()
                            #expect(try await scene.ensemble.followers().count == 2)
                            try await crowd.everybodyHasTurns()
                        }
                    }
                    #expect(lease.state == .held)
                    #expect(await lease.release() == .released)
                    try await scene.expectHealthy(services)
                }
            }
        }
    }
}
