import Foundation
import TestSupport
import Testing
import ZooKeeperLocks

@Suite(.timeLimit(.minutes(4))) struct ContentionTests {
    /// How long the contests last; `DLOCK_INTEROP_SECONDS` says otherwise.
    private static var seconds: Double {
        ProcessInfo.processInfo.environment["DLOCK_INTEROP_SECONDS"].flatMap(Double.init) ?? 30
    }

    @Test(arguments: Pairing.all)
    func `Nobody holds what another client holds, nobody is overtaken, and all get turns`(_ pairing: Pairing)
        async throws
    {
        let contest = try Contest(pairing, seconds: Self.seconds)
        try await contest.run(at: SharedZooKeeper.server().address)
        contest.check()
    }

    @Test func `Clients on several servers of an ensemble keep to the order as well`() async throws {
        let contest = try Contest(Pairing(.kazooAwareOfCurator, .curator, naming: .curator), seconds: Self.seconds)
        try await contest.run(at: SharedZooKeeper.ensemble().addresses)
        contest.check()
    }

    @Test(arguments: [Pairing(.kazooAwareOfCurator, naming: .curator), Pairing(.curator, naming: .both)])
    func `A client that does not take the lock is noticed`(_ pairing: Pairing) async throws {
        let contest = try Contest(pairing, seconds: 2)
        try await contest.run(at: SharedZooKeeper.server().address, isFirstBroken: true)
        #expect(contest.log.overlaps.contains { $0.hasPrefix("OVERLAP") }, "by the file")
        #expect(contest.log.overlaps.contains { $0.contains("took it while") }, "by the times")
    }

    @Test(arguments: [Pairing(.kazoo, naming: .curator), Pairing(.curator, naming: .kazoo)])
    func `Clients that do not know the names of our nodes do not respect them, and that is noticed`(
        _ pairing: Pairing
    ) async throws {
        let contest = try Contest(pairing, seconds: 2)
        try await contest.run(at: SharedZooKeeper.server().address)
        #expect(!contest.log.overlaps.isEmpty)
    }
}
