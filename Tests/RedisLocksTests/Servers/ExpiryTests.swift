import DistributedLocks
import Testing

@Suite("Holders that end without a release")
struct ExpiryTests {
    @Test(
        "a holder's process is killed: the first waiter has the lock after its lease",
        arguments: [(1_000, 1_000), (500, 30_000), (2_500, 300)]
    )
    func killed(holderTTL: Int, waiterTTL: Int) async throws {
        try await TestRedisServer.with { server in
            let probe = try await StoreProbe(at: server.port)
            try await Party.with(1, at: server.port) { parties in
                probe.send("acquire a job \(holderTTL)")
                let token = try await probe.granted("a")
                probe.send("work a")
                try await probe.expect("worked a ")
                let line = ServingLine("job")
                for number in 0..<3 { try await line.join(parties[0], number, ttl: .milliseconds(waiterTTL)) }
                try await probe.kill()
                let killed = MachineTime.now
                let turns = try await line.finish()
                let wait = MachineTime.of(turns[0].token) - killed
                print("killed with a lease of \(holderTTL) ms, waiter's \(waiterTTL) ms: \(wait / 1_000) ms")
                #expect(wait < Int64(holderTTL) * 1_000 + 1_500_000)
                #expect(turns[0].token > token)
                #expect(try #require(probe.lastWork("a")) < MachineTime.of(turns[0].token))
                #expect(turns.map(\.number) == [0, 1, 2])
            }
            try await server.expectFree("job")
            try await server.expectNothingForEver()
        }
    }

    @Test("those who wait for much longer than their lease keep their places")
    func patience() async throws {
        try await TestRedisServer.with { server in
            try await Party.with(3, at: server.port) { parties in
                let lease = try await parties[0].acquire("job", ttl: .seconds(10))
                let line = ServingLine("job")
                for number in 0..<4 { try await line.join(parties[1 + number % 2], number, ttl: .milliseconds(300)) }
                try await ContinuousClock().sleep(for: .seconds(1))
                await lease.release()
                #expect(try await line.finish().map(\.number) == Array(0..<4))
            }
        }
    }

    /// A user who may do everything but be told of changes.
    private static let withoutTracking = "user default on nopass ~* &* +@all -client|tracking"

    @Test("another program's lock is deleted: the server tells us", arguments: [["PX", "60000"], []])
    func stranger(expiry: [String]) async throws {
        try await TestRedisServer.with { server in
            let median = try await Self.medianDelay(server, expiry, ttl: .seconds(30))
            print("from another program's DEL to our grant: \(median / 1_000) ms (median)")
            #expect(median < 250_000)
        }
    }

    @Test(
        "another program's lock is deleted, and the server does not tell us: we look",
        arguments: [["PX", "60000"], []]
    )
    func strangerUntold(expiry: [String]) async throws {
        try await TestRedisServer.with(.redis7, .init(accessRules: [Self.withoutTracking])) { server in
            let median = try await Self.medianDelay(server, expiry, ttl: .milliseconds(600))
            print("the same, without tracking, looking every 200 ms: \(median / 1_000) ms (median)")
            #expect(median < 1_500_000)
        }
    }

    @Test("another program's lock runs out", arguments: [[], [withoutTracking]])
    func strangerExpires(rules: [String]) async throws {
        try await TestRedisServer.with(.redis7, .init(accessRules: rules)) { server in
            try await Party.with(1, at: server.port) { parties in
                try await server.command(["SET", "job", "a stranger", "NX", "PX", "700"])
                let start = MachineTime.now
                let lease = try await parties[0].acquire("job", ttl: .seconds(30))
                let wait = MachineTime.of(lease.fencingToken) - start
                print("another program's lock of 700 ms: we have it after \(wait / 1_000) ms")
                #expect(wait < 2_500_000)
                await lease.release()
            }
        }
    }

    /// How long it takes until a waiter has the lock that another program has deleted, in microseconds.
    private static func medianDelay(_ server: TestRedisServer, _ expiry: [String], ttl: Duration) async throws -> Int64
    {
        try await Party.with(1, at: server.port) { parties in
            var delays: [Int64] = []
            let stranger = try await server.connect()
            for _ in 0..<7 {
                #expect(try await stranger.command(["SET", "job", "a stranger", "NX"] + expiry) == .status("OK"))
                let line = ServingLine("job")
                try await line.join(parties[0], 0, ttl: ttl)
                // Long enough for whatever it does in order to be told.
                try await ContinuousClock().sleep(for: .milliseconds(50))
                #expect(line.count == 0)
                let start = MachineTime.now
                try await stranger.command(["DEL", "job"])
                let turns = try await line.finish()
                delays.append(MachineTime.of(turns[0].token) - start)
            }
            try await server.expectFree("job")
            try await server.expectNothingForEver()
            print("delays in µs: \(delays.sorted())")
            return delays.sorted()[delays.count / 2]
        }
    }
}
