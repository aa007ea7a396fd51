import DistributedLocks
import TestSupport
import Testing

@testable import RedisLocks

@Suite("A server or a client that is stopped for a while")
struct PauseTests {
    private static let ttl = Duration.seconds(1)

    @Test("the server, for longer than a lease", arguments: [Duration.seconds(5), .milliseconds(500)])
    func server(requestTimeout: Duration) async throws {
        try await TestRedisServer.with { server in
            try await Party.with(3, at: server.port, requestTimeout: requestTimeout) { parties in
                for party in parties { try await party.warmUp() }
                let lease = try await parties[0].acquire("job", ttl: Self.ttl)
                let line = ServingLine("job")
                for number in 0..<6 { try await line.join(parties[1 + number % 2], number, ttl: Self.ttl) }
                try await server.pause()
                try await waitUntil("the loss") { lease.state == .lost(.expired) }
                let deadline = try #require(lease.validUntil)
                try await ContinuousClock().sleep(for: Self.ttl / 2)
                #expect(line.count == 0)
                server.resume()
                let turns = try await line.finish()
                #expect(turns.count == 6)
                #expect(turns.allSatisfy { MachineTime.of($0.token) > MachineTime.of(deadline) })
                #expect(lease.state == .lost(.expired))
                let next = try await parties[0].acquire("job", ttl: Self.ttl)
                #expect(turns.allSatisfy { $0.token < next.fencingToken })
                await next.release()
            }
            try await server.expectFree("job")
            try await server.expectNothingForEver()
        }
    }

    @Test("nothing remains of requests that the server gets when nobody waits for the answer any more")
    func lateRequests() async throws {
        try await TestRedisServer.with { server in
            try await Party.with(2, at: server.port, requestTimeout: .milliseconds(500)) { parties in
                for party in parties { try await party.warmUp() }
                let lease = try await parties[1].acquire("held", ttl: .seconds(60))
                try await server.pause()
                await withTaskGroup(of: Void.self) { group in
                    for name in ["free", "held", "free", "other"] {
                        group.addTask {
                            await #expect(throws: LockError.self) {
                                try await parties[0].acquire(name, ttl: .seconds(60), timeout: .milliseconds(300))
                            }
                        }
                    }
                    await group.waitForAll()
                }
                // Time enough for the client to give its connection up, and to try others.
                try await ContinuousClock().sleep(for: .milliseconds(700))
                server.resume()
                await parties[0].locks.drain()
                for name in ["free", "other"] {
                    try await server.expectFree(name)
                    let next = try #require(try await parties[1].locks.lock(name).tryAcquire())
                    await next.release()
                }
                #expect(try await server.waiterCount("held") == 0)
                try await waitUntil("a renewal") { lease.state == .held }
                await lease.release()
                try await server.expectFree("held")
            }
            try await server.expectNothingForEver()
        }
    }

    @Test("a request that comes later than its withdrawal is refused", arguments: [true, false])
    func overtaken(isHeld: Bool) async throws {
        try await TestRedisServer.with { server in
            try await FaultProxy.with(server) { proxy in
                try await Party.with(1, at: proxy.port, requestTimeout: .milliseconds(500)) { parties in
                    try await Party.with(1, at: server.port) { others in
                        try await parties[0].warmUp()
                        let holder = isHeld ? try await others[0].acquire("job", ttl: .seconds(60)) : nil
                        let rule = proxy.when(.holdRequest) { $0.contains(Script.acquire.sha1) }
                        await #expect(throws: LockError.self) {
                            try await parties[0].acquire("job", ttl: .seconds(60), timeout: .milliseconds(300))
                        }
                        await parties[0].locks.drain()
                        let before = try await server.calls("evalsha")
                        rule.letGo()
                        try await waitUntil("the late request") { try await server.calls("evalsha") > before }
                        #expect(try await server.waiterCount("job") == 0)
                        if let holder {
                            #expect(holder.state == .held)
                            await holder.release()
                        }
                        try await server.expectFree("job")
                        let next = try #require(try await others[0].locks.lock("job").tryAcquire())
                        await next.release()
                    }
                }
            }
            try await server.expectNothingForEver()
        }
    }

    @Test("a holder's process, for longer than its lease: it does nothing any more")
    func holder() async throws {
        try await TestRedisServer.with { server in
            let probe = try await StoreProbe(at: server.port)
            try await Party.with(1, at: server.port) { parties in
                probe.send("acquire a job 1000")
                let token = try await probe.granted("a")
                probe.send("work a")
                try await probe.expect("worked a ")
                try await probe.pause()
                let next = try await parties[0].acquire("job", ttl: Self.ttl)
                #expect(next.fencingToken > token)
                #expect(try #require(probe.lastWork("a")) < MachineTime.of(next.fencingToken))
                probe.resume()
                try await probe.expect("lost a ")
                // Whatever it does now: not with the lock.
                #expect(try #require(probe.lastWork("a")) < MachineTime.of(next.fencingToken))
                probe.send("release a")
                try await probe.expect("released a ")
                try await parties[0].expectRenewal(of: next)
                await next.release()
            }
            try await server.expectFree("job")
            try await server.expectNothingForEver()
        }
    }

    @Test("a waiter's process costs the others one lease at the most, and has its turn later")
    func waiter() async throws {
        try await TestRedisServer.with { server in
            let probe = try await StoreProbe(at: server.port)
            try await Party.with(2, at: server.port) { parties in
                let holder = try await parties[0].acquire("job", ttl: Self.ttl)
                probe.send("acquire patient job 1000")
                try await probe.expect("queued patient ")
                probe.send("acquire hasty job 1000 3000")
                try await probe.expect("queued hasty ")
                let line = ServingLine("job")
                try await line.join(parties[1], 0, ttl: Self.ttl)
                try await probe.pause()
                await holder.release()
                let released = MachineTime.now
                let turns = try await line.finish()
                // It was granted to the stopped process, and had to run out; the second one was silent for as long.
                let wait = MachineTime.of(turns[0].token) - released
                print("a stopped waiter has cost \(wait / 1_000) ms of a lease of \(Self.ttl)")
                #expect(wait < 3_000_000)
                let blocker = try await parties[0].acquire("job", ttl: Self.ttl)
                try await ContinuousClock().sleep(for: .seconds(2))
                probe.resume()
                try await probe.expect("failed hasty ")
                #expect(probe.lines("granted patient ").isEmpty)
                try await parties[0].expectRenewal(of: blocker)
                await blocker.release()
                #expect(try await probe.granted("patient") > blocker.fencingToken)
                probe.send("release patient")
                #expect(try await probe.expect("released patient ") == ["released"])
            }
            try await server.expectFree("job")
            try await server.expectNothingForEver()
        }
    }
}
