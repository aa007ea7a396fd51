import DistributedLocks
import TestSupport
import Testing

@Suite("A server that is killed and started again")
struct RestartTests {
    private static let ttl = Duration.seconds(6)

    @Test("with its data: leases go on, unconfirmed meanwhile, and waiters keep their places")
    func keepingData() async throws {
        try await TestRedisServer.with(.redis7, .init(persistence: .appendOnly)) { server in
            try await Party.with(3, at: server.port, requestTimeout: .milliseconds(500)) { parties in
                for party in parties { try await party.warmUp() }
                let lease = try await parties[0].acquire("job", ttl: Self.ttl)
                let line = ServingLine("job")
                for number in 0..<6 { try await line.join(parties[1 + number % 2], number, ttl: Self.ttl) }
                try await server.kill()
                try await waitUntil("a renewal that fails") { lease.state != .held }
                guard case .unconfirmed = lease.state else { throw TimedOut(what: "doubt: \(lease.state)") }
                try await server.restart(keepingData: true)
                try await waitUntil("a renewal") { lease.state == .held }
                #expect(try await server.waiterCount("job") == 6)
                try await server.waitForClients(3)
                #expect(await lease.release() == .released)
                let turns = try await line.finish()
                #expect(turns.map(\.number) == Array(0..<6))
                #expect(turns.allSatisfy { $0.token > lease.fencingToken })
            }
            try await server.expectFree("job")
            try await server.expectNothingForEver()
        }
    }

    @Test("without its data: the holder is lost, and one client's waiters get the lock in their order")
    func losingData() async throws {
        try await TestRedisServer.with { server in
            try await Party.with(2, at: server.port) { parties in
                // So long a lease that nothing but the new connection can tell.
                let lease = try await parties[0].acquire("job", ttl: .seconds(60))
                let line = ServingLine("job")
                for number in 0..<20 { try await line.join(parties[1], number, ttl: .seconds(60)) }
                try await server.kill()
                try await server.restart(keepingData: false)
                try await waitUntil("the loss") { lease.state == .lost(.removed) }
                let turns = try await line.finish()
                #expect(turns.map(\.number) == Array(0..<20))
                #expect(turns.allSatisfy { $0.token > lease.fencingToken })
                #expect(await lease.release() == .alreadyLost(.removed))
            }
            try await server.expectFree("job")
            try await server.expectNothingForEver()
        }
    }

    @Test("without its data: waiters of several clients find their old order again once all are back")
    func manyClients() async throws {
        try await TestRedisServer.with { server in
            try await Party.with(3, at: server.port) { parties in
                let lease = try await parties[0].acquire("job", ttl: .seconds(60))
                // Whoever is back first has it first, but keeps it until all the others are back.
                let line = ServingLine("job") { turn in
                    guard turn == 1 else { return }
                    try await waitUntil("the others") { try await server.waiterCount("job") == 7 }
                }
                for number in 0..<8 { try await line.join(parties[1 + number % 2], number, ttl: .seconds(60)) }
                try await server.kill()
                try await server.restart(keepingData: false)
                let turns = try await line.finish()
                let numbers = turns.map(\.number)
                #expect(numbers[0] < 2, "the first of one of the clients")
                #expect(numbers.dropFirst().sorted() == Array(numbers.dropFirst()))
                #expect(turns.allSatisfy { $0.token > lease.fencingToken })
                #expect(lease.state == .lost(.removed))
            }
            try await server.expectFree("job")
        }
    }

    @Test("while nobody is connected, or nobody has anything to do", arguments: [true, false])
    func idle(keepingData: Bool) async throws {
        try await TestRedisServer.with(.redis7, .init(persistence: .appendOnly)) { server in
            try await Party.with(2, at: server.port) { parties in
                let before = try await parties[0].acquire("job", ttl: Self.ttl)
                await before.release()
                try await server.kill()
                try await server.restart(keepingData: keepingData)
                for party in parties {
                    let after = try await party.acquire("job", ttl: Self.ttl)
                    #expect(after.fencingToken > before.fencingToken)
                    #expect(after.state == .held)
                    await after.release()
                }
            }
            try await server.expectFree("job")
            try await server.expectNothingForEver()
        }
    }

    @Test("it stays away for longer than the lease: lost on time, and the waiters go on", arguments: [true, false])
    func longOutage(keepingData: Bool) async throws {
        try await TestRedisServer.with(.redis7, .init(persistence: .appendOnly)) { server in
            try await Party.with(2, at: server.port, requestTimeout: .milliseconds(500)) { parties in
                for party in parties { try await party.warmUp() }
                let lease = try await parties[0].acquire("job", ttl: .seconds(1))
                let line = ServingLine("job")
                // They are silent for less than their lease, and so keep their places.
                for number in 0..<3 { try await line.join(parties[1], number, ttl: .seconds(20)) }
                try await server.kill()
                try await waitUntil("the loss") { lease.state == .lost(.expired) }
                let deadline = try #require(lease.validUntil)
                try await server.restart(keepingData: keepingData)
                let turns = try await line.finish()
                #expect(turns.map(\.number) == [0, 1, 2])
                #expect(turns.allSatisfy { MachineTime.of($0.token) > MachineTime.of(deadline) })
                #expect(lease.state == .lost(.expired))
                // Everybody goes on without a new start.
                let next = try await parties[0].acquire("job", ttl: .seconds(1))
                #expect(turns.allSatisfy { $0.token < next.fencingToken })
                await next.release()
            }
            try await server.expectFree("job")
            try await server.expectNothingForEver()
        }
    }
}
