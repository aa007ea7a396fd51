import DistributedLocks
import TestSupport
import Testing

extension EnsembleTests {
    /// Servers that do not hear each other, with clients that still hear them. One test at a time: each has three servers of its own.
    @Suite(.serialized) struct CutOffTests {
        /// Which way is silent between the leader and a server that follows it.
        enum Silence: CaseIterable {
            case towardsFollower, towardsLeader, both

            func begin(_ follower: TestZooKeeperServer, _ leader: TestZooKeeperServer, _ ensemble: TestEnsemble) {
                if self != .towardsLeader { ensemble.silence(from: leader, to: follower) }
                if self != .towardsFollower { ensemble.silence(from: follower, to: leader) }
            }
        }

        /// Three servers that are patient with each other: a follower that hears nothing goes on serving its clients.
        ///
        /// - Parameters:
        ///   - patience: For how many ticks. A client that keeps trying to resume its session at a server which the leader
        ///     hears, but which does not hear the leader, keeps the session alive until that server gives up.
        ///   - body: Gets the scene.
        /// - Throws: What the body throws.
        private func scene(
            patience: Int = 500,
            _ body: (EnsembleScene, _ leader: TestZooKeeperServer, _ followers: [TestZooKeeperServer]) async throws ->
                Void
        ) async throws {
            try await EnsembleScene.with(.init(syncLimit: patience), isPartitionable: true) { scene in
                try await body(scene, try await scene.ensemble.leader(), try await scene.ensemble.followers())
            }
        }

        /// From when on nothing counts any more that is sent over a silent way: what was under way has arrived.
        private func settled() async throws -> LeaseClock.Instant {
            try await Task.sleep(for: .milliseconds(100))
            return LeaseClock.continuous.now
        }

        @Test(arguments: Silence.allCases)
        func `A holder that only reaches a follower that is cut off has lost the lock before another one gets it`(
            _ silence: Silence
        ) async throws {
            let session = Duration.seconds(3)
            try await scene(patience: 20) { scene, leader, followers in
                try await scene.with(at: followers[0].address, session: session) { own in
                    try await scene.with(at: leader.address, session: session) { other in
                        let stay = try await Stay.begin(own[0], scene, as: "holder")
                        let next = Task { try await Stay.begin(other[0], scene, as: "next") }
                        try await scene.waitFor(claims: 2)
                        silence.begin(followers[0], leader, scene.ensemble)
                        let end = try await settled()
                        _ = try await stay.loss()
                        let validUntil = try #require(stay.lease.validUntil)
                        #expect(validUntil <= end.advanced(by: session))
                        let second = try await next.value
                        #expect(validUntil <= LeaseClock.continuous.now)
                        #expect(stay.token < second.token)
                        scene.ensemble.heal()
                        try await second.end()
                        try await scene.expectHealthy(own + other, after: second.token)
                    }
                }
            }
        }

        @Test(arguments: Silence.allCases)
        func `A holder at a follower that is cut off moves to another server, and keeps the lock`(
            _ silence: Silence
        ) async throws {
            try await scene { scene, leader, followers in
                try await ZooKeeperProxy.with(followers[0]) { proxy in
                    try await scene.with(at: proxy.address, session: .seconds(10)) { own in
                        proxy.redirect(to: followers[1])
                        proxy.forget()
                        let stay = try await Stay.begin(own[0], scene, as: "holder")
                        silence.begin(followers[0], leader, scene.ensemble)
                        try await waitUntil("another connection") { proxy.counts[.handshake] != nil }
                        try await stay.isConfirmed()
                        #expect(try await scene.nodes().map(\.czxid) == [Int64(stay.token)])
                        #expect(try await stay.end() == .released)
                        try await scene.waitFor(claims: 0)
                        scene.ensemble.heal()
                        try await scene.expectHealthy(own, after: stay.token)
                    }
                }
            }
        }

        @Test(arguments: Silence.allCases)
        func `A waiter at a follower that is cut off finds out elsewhere that it is its turn`(
            _ silence: Silence
        ) async throws {
            try await scene { scene, leader, followers in
                try await ZooKeeperProxy.with(followers[0]) { proxy in
                    try await scene.with(at: proxy.address, session: .seconds(10)) { own in
                        proxy.redirect(to: followers[1])
                        proxy.forget()
                        try await scene.with(at: leader.address, session: .seconds(10)) { other in
                            let stay = try await Stay.begin(other[0], scene, as: "holder")
                            let next = Task { try await Stay.begin(own[0], scene, as: "next") }
                            try await scene.waitFor(claims: 2)
                            let nodes = try await scene.nodes()
                            silence.begin(followers[0], leader, scene.ensemble)
                            #expect(try await stay.end() == .released)
                            let second = try await next.value
                            #expect(Int64(second.token) == nodes.map(\.czxid).max(), "it has kept its place")
                            // Its own server may have told it in time, which is as good while the session certainly lives.
                            #expect(proxy.counts[.handshake] != nil || silence == .towardsLeader)
                            try await second.isConfirmed()
                            #expect(proxy.counts[.handshake] != nil)
                            try await second.end()
                            scene.ensemble.heal()
                            try await scene.expectHealthy(own + other, after: second.token)
                        }
                    }
                }
            }
        }

        @Test func `A waiter that only reaches a follower that is cut off is passed over, and queues again later`()
            async throws
        {
            try await scene { scene, leader, followers in
                try await scene.with(at: followers[0].address, session: .seconds(2)) { own in
                    try await scene.with(2, at: leader.address, session: .seconds(4)) { others in
                        let stay = try await Stay.begin(others[0], scene, as: "holder")
                        let late = Task { try await Stay.begin(own[0], scene, as: "late") }
                        try await scene.waitFor(claims: 2)
                        let next = Task { try await Stay.begin(others[1], scene, as: "next") }
                        try await scene.waitFor(claims: 3)
                        Silence.both.begin(followers[0], leader, scene.ensemble)
                        #expect(try await stay.end() == .released)
                        let second = try await next.value
                        scene.ensemble.heal()
                        try await scene.waitFor(claims: 2)
                        try await second.end()
                        let third = try await late.value
                        #expect(stay.token < second.token && second.token < third.token)
                        try await third.end()
                        try await scene.expectHealthy(own + others, after: third.token)
                    }
                }
            }
        }

        @Test func `A follower that is behind is passed by: the client has seen more than that one knows`() async throws
        {
            try await scene { scene, leader, followers in
                try await ZooKeeperProxy.with(leader) { proxy in
                    try await scene.with(at: proxy.address, session: .seconds(10)) { own in
                        try await scene.warmUp(own[0])
                        proxy.redirect(to: followers[0])
                        scene.ensemble.silence(from: leader, to: followers[0])
                        let stay = try await Stay.begin(own[0], scene, as: "holder")
                        proxy.cut()
                        try await waitUntil("a refusal") { followers[0].log.contains("Refusing session request") }
                        #expect(try await scene.nodes().map(\.czxid) == [Int64(stay.token)])
                        proxy.redirect(to: followers[1])
                        try await stay.isConfirmed()
                        #expect(try await stay.end() == .released)
                        scene.ensemble.heal()
                        try await scene.expectHealthy(own, after: stay.token)
                    }
                }
            }
        }

        @Test func `A holder at a leader that has been replaced loses the lock before another one gets it`()
            async throws
        {
            let session = Duration.seconds(3)
            try await EnsembleScene.with(.init(syncLimit: 5, initLimit: 10), isPartitionable: true) { scene in
                let (old, followers) = (try await scene.ensemble.leader(), try await scene.ensemble.followers())
                try await scene.with(at: old.address, session: session) { own in
                    try await ZooKeeperProxy.with(followers[0], followers[1]) { proxy in
                        try await scene.with(at: proxy.address, session: session) { other in
                            let stay = try await Stay.begin(own[0], scene, as: "holder")
                            let next = Task { try await Stay.begin(other[0], scene, as: "next") }
                            try await scene.waitFor(claims: 2)
                            scene.ensemble.isolate(old)
                            let end = try await settled()
                            _ = try await stay.loss()
                            let validUntil = try #require(stay.lease.validUntil)
                            #expect(validUntil <= end.advanced(by: session))
                            let second = try await next.value
                            #expect(validUntil <= LeaseClock.continuous.now)
                            #expect(stay.token < second.token)
                            scene.ensemble.heal()
                            try await second.end()
                            #expect(try await scene.ensemble.followers().contains { $0 === old })
                            try await scene.expectHealthy(own + other, after: second.token)
                        }
                    }
                }
            }
        }

        /// A leader that does not know yet that there is another one goes on answering handshakes, and extends sessions that
        /// the other one ends.
        @Test func `A leader that stood still while it was replaced does not make a lock last longer`() async throws {
            let session = Duration.seconds(12)
            try await EnsembleScene.with(.init(syncLimit: 5, initLimit: 10), isPartitionable: true) { scene in
                let (old, followers) = (try await scene.ensemble.leader(), try await scene.ensemble.followers())
                try await ZooKeeperProxy.with(old) { proxy in
                    try await scene.with(at: proxy.address, session: session) { own in
                        try await scene.with(at: followers[0].address, session: session) { other in
                            let stay = try await Stay.begin(own[0], scene, as: "holder")
                            let next = Task { try await Stay.begin(other[0], scene, as: "next") }
                            try await scene.waitFor(claims: 2)
                            try await old.pause()
                            scene.ensemble.isolate(old)
                            _ = try await scene.ensemble.leader(among: followers)
                            let replaced = LeaseClock.continuous.now
                            proxy.forget()
                            try await waitUntil("a handshake") { proxy.counts[.handshake] != nil }
                            old.resume()
                            _ = try await stay.loss()
                            #expect(try #require(stay.lease.validUntil) <= replaced.advanced(by: session))
                            let second = try await next.value
                            #expect(stay.token < second.token)
                            scene.ensemble.heal()
                            try await second.end()
                            try await scene.expectHealthy(own + other, after: second.token)
                        }
                    }
                }
            }
        }
    }
}
