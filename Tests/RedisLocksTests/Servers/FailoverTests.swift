import DistributedLocks
import TestSupport
import Testing

@Suite("A replica takes over")
struct FailoverTests {
    private static let ttl = Duration.seconds(60)

    @Test("with everything that was written: leases go on, and waiters keep their places")
    func complete() async throws {
        try await TestRedisServer.with { primary in
            try await primary.withReplica { replica in
                try await Party.with(3, at: primary.port, replica.port) { parties in
                    let lease = try await parties[0].acquire("job", ttl: .seconds(6))
                    let line = ServingLine("job")
                    for number in 0..<4 { try await line.join(parties[1 + number % 2], number, ttl: Self.ttl) }
                    try await replica.waitUntilCaughtUp(with: primary)
                    try await primary.kill()
                    try await replica.promote()
                    try await parties[0].expectRenewal(of: lease)
                    #expect(lease.state == .held)
                    #expect(try await replica.waiterCount("job") == 4)
                    try await replica.waitForClients(3)
                    await lease.release()
                    let turns = try await line.finish()
                    #expect(turns.map(\.number) == Array(0..<4))
                    #expect(turns.allSatisfy { $0.token > lease.fencingToken })
                }
                try await replica.expectFree("job")
                try await replica.expectNothingForEver()
            }
        }
    }

    @Test("without the last writes: who held is told at once, who waited queues again, tokens grow")
    func incomplete() async throws {
        try await TestRedisServer.with { primary in
            try await primary.withReplica { replica in
                try await Party.with(2, at: primary.port, replica.port) { parties in
                    let old = try await parties[0].acquire("old", ttl: Self.ttl)
                    let line = ServingLine("old")
                    try await line.join(parties[1], 0, ttl: Self.ttl)
                    try await replica.waitUntilCaughtUp(with: primary)
                    try await replica.command(["REPLICAOF", "127.0.0.1", "1"])
                    let young = try await parties[0].acquire("young", ttl: Self.ttl)
                    for number in 1..<4 { try await line.join(parties[1], number, ttl: Self.ttl) }
                    try await primary.kill()
                    try await replica.promote()
                    // Its next renewal would be twenty seconds away.
                    try await waitUntil("the loss", within: .seconds(10)) { young.state == .lost(.removed) }
                    let next = try #require(try await parties[1].locks.lock("young").tryAcquire())
                    #expect(next.fencingToken > young.fencingToken)
                    await next.release()
                    try await waitUntil("all waiters") { try await replica.waiterCount("old") == 4 }
                    #expect(old.state == .held)
                    await old.release()
                    let turns = try await line.finish()
                    #expect(turns.map(\.number) == Array(0..<4))
                    #expect(turns.allSatisfy { $0.token > old.fencingToken })
                }
                try await replica.expectFree("old")
                try await replica.expectFree("young")
                try await replica.expectNothingForEver()
            }
        }
    }

    @Test("without the last hand-over: the replica knows an old holder, the new one is told, tokens grow")
    func handedOver() async throws {
        try await TestRedisServer.with { primary in
            try await primary.withReplica { replica in
                try await Party.with(3, at: primary.port, replica.port) { parties in
                    let first = try await parties[0].acquire("job", ttl: .seconds(2))
                    try await replica.waitUntilCaughtUp(with: primary)
                    try await replica.command(["REPLICAOF", "127.0.0.1", "1"])
                    await first.release()
                    let second = try await parties[1].acquire("job", ttl: Self.ttl)
                    try await primary.kill()
                    try await replica.promote()
                    try await waitUntil("the loss", within: .seconds(10)) { second.state == .lost(.removed) }
                    // What the replica remembers of the first one costs a lease.
                    let third = try await parties[2].acquire("job", ttl: Self.ttl)
                    #expect(third.fencingToken > second.fencingToken)
                    #expect(second.fencingToken > first.fencingToken)
                    #expect(first.state == .lost(.released))
                    await third.release()
                }
                try await replica.expectFree("job")
                try await replica.expectNothingForEver()
            }
        }
    }

    @Test("the old primary lives on as a replica, and keeps its connections")
    func demoted() async throws {
        try await TestRedisServer.with { primary in
            try await primary.withReplica { replica in
                try await Party.with(3, at: primary.port, replica.port) { parties in
                    let lease = try await parties[0].acquire("job", ttl: .seconds(3))
                    let line = ServingLine("job")
                    for number in 0..<2 { try await line.join(parties[1], number, ttl: .seconds(3)) }
                    let idle = try await parties[2].acquire("other", ttl: .seconds(30))
                    try await replica.waitUntilCaughtUp(with: primary)
                    try await replica.promote()
                    try await primary.command(["REPLICAOF", "127.0.0.1", "\(replica.port)"])
                    for _ in 0..<2 { try await parties[0].expectRenewal(of: lease) }
                    #expect(lease.state == .held)
                    #expect(await lease.release() == .released)
                    #expect(await idle.release() == .released)
                    let turns = try await line.finish()
                    #expect(turns.map(\.number) == [0, 1])
                    #expect(turns.allSatisfy { $0.token > lease.fencingToken })
                }
                try await replica.expectFree("job")
                try await replica.expectFree("other")
                try await replica.expectNothingForEver()
            }
        }
    }

    @Test("behind one address that points to another server now")
    func redirected() async throws {
        try await TestRedisServer.with { primary in
            try await primary.withReplica { replica in
                try await FaultProxy.with(primary) { proxy in
                    try await Party.with(2, at: proxy.port) { parties in
                        let old = try await parties[0].acquire("old", ttl: Self.ttl)
                        try await replica.waitUntilCaughtUp(with: primary)
                        try await replica.command(["REPLICAOF", "127.0.0.1", "1"])
                        let young = try await parties[0].acquire("young", ttl: Self.ttl)
                        let line = ServingLine("young")
                        for number in 0..<3 { try await line.join(parties[1], number, ttl: Self.ttl) }
                        try await replica.promote()
                        proxy.redirect(to: replica)
                        proxy.cut()
                        try await waitUntil("the loss", within: .seconds(10)) { young.state == .lost(.removed) }
                        let turns = try await line.finish()
                        #expect(turns.map(\.number) == [0, 1, 2])
                        #expect(turns.allSatisfy { $0.token > young.fencingToken })
                        #expect(old.state == .held)
                        #expect(await old.release() == .released)
                    }
                }
                try await replica.expectFree("old")
                try await replica.expectFree("young")
                try await replica.expectNothingForEver()
            }
        }
    }
}
