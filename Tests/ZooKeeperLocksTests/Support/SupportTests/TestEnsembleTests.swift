import TestSupport
import Testing

@Suite(.timeLimit(.minutes(3))) struct TestEnsembleTests {
    @Test func `Three servers elect a leader, and all know what one is told`() async throws {
        let ensemble = try await SharedZooKeeper.ensemble()
        let followers = try await ensemble.followers()
        #expect(followers.count == 2)
        let path = SharedZooKeeper.freshPath()
        try await followers[0].inspector().create(path)
        try await followers[1].inspector().sync()
        #expect(try await followers[1].inspector().node(path) != nil)
    }

    @Test func `An ensemble survives the death of its leader, and not that of two`() async throws {
        try await TestEnsemble.with { ensemble in
            let first = try await ensemble.leader()
            try await first.inspector().create("/x")
            try await first.kill()
            let second = try await ensemble.leader()
            #expect(second !== first)
            #expect(try await second.inspector().node("/x") != nil)
            try await second.kill()
            try await ensemble.waitUntilNoneServes()
            try await first.start()
            let third = try await ensemble.leader()
            #expect(third !== second)
            try await second.start()
            #expect(try await ensemble.followers().count == 2)
            #expect(try await second.inspector().node("/x") != nil)
        }
    }

    @Test func `A leader that nobody hears is replaced, and follows when it is heard again`() async throws {
        try await TestEnsemble.with(.init(syncLimit: 5, initLimit: 10), isPartitionable: true) { ensemble in
            let first = try await ensemble.leader()
            let others = ensemble.servers.filter { $0 !== first }
            ensemble.isolate(first)
            let second = try await ensemble.leader(among: others)
            try await ensemble.waitUntilNoneServes([first])
            try await second.inspector().create("/x")
            ensemble.heal()
            #expect(try await ensemble.followers().contains { $0 === first })
            #expect(try await ensemble.leader() === second)
            #expect(try await first.inspector().node("/x") != nil)
        }
    }

    @Test func `A follower that does not hear its leader serves old data for a while`() async throws {
        try await TestEnsemble.with(.init(syncLimit: 500), isPartitionable: true) { ensemble in
            let follower = try #require(try await ensemble.followers().first)
            let leader = try await ensemble.leader()
            #expect(try await follower.inspector().node("/x") == nil)
            ensemble.silence(from: leader, to: follower)
            try await leader.inspector().create("/x")
            #expect(try await follower.inspector().node("/x") == nil)
            #expect(try follower.mode() == .follower)
            ensemble.heal()
            try await waitUntil("the news") { try await follower.inspector().node("/x") != nil }
        }
    }
}
