import DistributedLocks
import DistributedLocksTesting
import Testing

@testable import ZooKeeperLocks

@Suite struct SessionProofRandomTests {
    private static let seeds: Range<UInt64> = 0..<250

    /// Whatever stands still, and for however long.
    private static let worst = SessionWorld.Weather(
        delay: 60_000,
        clientStall: 900_000,
        leaderwardStall: 900_000,
        followerwardStall: 900_000
    )

    @Test func `Three requests make it certain, however slow everything is`() {
        var useful = 0
        for seed in Self.seeds {
            var world = SessionWorld(seed: seed, Self.worst)
            world.run()
            let certain = world.rules.certain
            #expect(certain + SessionWorld.timeout <= world.end, "seed \(seed)")
            if certain > 0 { useful += 1 }
        }
        #expect(useful > 10)
    }

    @Test(arguments: [
        SessionWorld.Weather(),
        SessionWorld.Weather(delay: 60_000, clientStall: 900_000),
        SessionWorld.Weather(leaderwardStall: 900_000),
        SessionWorld.Weather(followerwardStall: 250_000),
        SessionWorld.Weather(clientStall: 900_000, leaderwardStall: 900_000, followerwardStall: 100_000),
    ])
    func `A session lives until its deadline, unless the leader's word stands still for long`(
        _ weather: SessionWorld.Weather
    ) {
        var useful = 0
        for seed in Self.seeds {
            var world = SessionWorld(seed: seed, weather)
            world.run()
            let end = LeaseClock.Instant(offset: .microseconds(world.end))
            #expect(world.proof.deadline <= end, "seed \(seed)")
            if world.proof.deadline > world.rules.deadline(0) { useful += 1 }
        }
        #expect(useful > 50)
    }

    @Test func `Nothing is claimed that the rules do not give`() {
        for seed in Self.seeds {
            for weather in [SessionWorld.Weather(), Self.worst] {
                var world = SessionWorld(seed: seed, weather)
                world.run()
                #expect(world.proof.deadline <= world.rules.deadline(world.rules.likely), "seed \(seed)")
            }
        }
    }

    @Test func `Nearly everything is claimed that the rules give, while all is well`() {
        let slack = Duration.microseconds(SessionWorld.timeout / 64)
        for seed in Self.seeds {
            var world = SessionWorld(seed: seed, SessionWorld.Weather())
            world.run()
            let given = world.rules.deadline(world.rules.likely)
            #expect(world.proof.deadline.advanced(by: slack) >= given, "seed \(seed)")
        }
    }
}
