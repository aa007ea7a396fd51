import DistributedLocks
import TestSupport
import Testing

extension ScaleTests {
    @Suite("A thousand waiters")
    struct ManyWaitersTests {
        private static let ttl = Duration.seconds(20)

        @Test(
            "ten clients with a hundred waiters each: all are served in their order, with one message for each release"
        )
        func order() async throws {
            try await TestRedisServer.with { server in
                try await Party.with(11, at: server.port) { parties in
                    let holder = try await parties[10].acquire("job", ttl: Self.ttl)
                    let line = ServingLine("job")
                    let before = try await Counts(server)
                    try await line.rush(Array(parties.dropLast()), each: 100, ttl: Self.ttl)
                    let start = MachineTime.now
                    await holder.release()
                    let turns = try await line.finish()
                    let time = MachineTime.now - start
                    #expect(turns.map(\.number) == Array(0..<1_000))
                    let counts = try await Counts(server) - before
                    print("1,000 hand-overs in \(time / 1_000) ms: \(counts)")
                    // Each client says hello to itself once, when it connects.
                    #expect(counts.messages <= 1_000 + 10)
                    #expect(counts.messages >= 1_000)
                    // Each waiter asks once and releases once; some confirm their places, a hundred in one command.
                    #expect(counts.scripts >= 2_000)
                    #expect(counts.scripts <= 2_300)
                }
                try await server.expectFree("job")
                try await server.expectNothingForEver()
            }
        }

        /// How many commands a server has carried out.
        struct Counts: Sendable, CustomStringConvertible {
            let scripts: Int
            let messages: Int

            init(scripts: Int, messages: Int) {
                (self.scripts, self.messages) = (scripts, messages)
            }

            init(_ server: TestRedisServer) async throws {
                scripts = try await server.calls("evalsha") + server.calls("eval")
                messages = try await server.calls("publish")
            }

            static func - (lhs: Counts, rhs: Counts) -> Counts {
                Counts(scripts: lhs.scripts - rhs.scripts, messages: lhs.messages - rhs.messages)
            }

            var description: String { "\(scripts) scripts, \(messages) messages" }
        }

        enum Fate: Sendable, CaseIterable {
            case killed, stopped
        }

        @Test(
            "two hundred of them are killed, or stopped: it costs the others one lease at the most",
            arguments: Fate.allCases
        )
        func deaths(_ fate: Fate) async throws {
            let ttl = Duration.seconds(2)
            try await TestRedisServer.with { server in
                let probe = try await StoreProbe(at: server.port)
                try await Party.with(9, at: server.port) { parties in
                    let holder = try await parties[8].acquire("job", ttl: Self.ttl)
                    let line = ServingLine("job")
                    try await line.rush(Array(parties[0..<4]), each: 100, ttl: ttl)
                    probe.send("crowd 200 job 2000")
                    try await waitUntil("the crowd") { try await server.waiterCount("job") == 600 }
                    try await line.rush(Array(parties[4..<8]), each: 100, ttl: ttl)
                    if fate == .killed { try await probe.kill() } else { try await probe.pause() }
                    await holder.release()
                    let turns = try await line.finish()
                    #expect(turns.map(\.number) == Array(0..<400) + Array(600..<1_000))
                    let times = turns.map { MachineTime.of($0.token) }
                    let gaps = zip(times, times.dropFirst()).map { $1 - $0 }
                    let long = gaps.filter { $0 > 1_000_000 }
                    print("200 of 1,000 \(fate): the others waited \((gaps.max() ?? 0) / 1_000) ms at the most")
                    #expect(long.count <= 1, "the dead cost one lease in total: \(long)")
                    #expect((gaps.max() ?? 0) < 4_500_000)
                }
                try await probe.kill()
                try await server.expectNothingForEver()
            }
        }
    }
}
