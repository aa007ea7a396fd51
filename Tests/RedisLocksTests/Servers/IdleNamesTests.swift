import DistributedLocks
import TestSupport
import Testing

@Suite("Names that nobody uses")
struct IdleNamesTests {
    @Test("whatever has happened to them, all that remains goes away by itself")
    func remains() async throws {
        try await TestRedisServer.with { server in
            try await Party.with(2, at: server.port) { parties in
                for number in 0..<50 {
                    let name = "job/\(number)"
                    let lease = try await parties[0].acquire(name, ttl: .seconds(1))
                    #expect(try await parties[1].locks.lock(name).tryAcquire() == nil)
                    await #expect(throws: LockError.self) {
                        try await parties[1].acquire(name, ttl: .seconds(1), timeout: .milliseconds(number / 5))
                    }
                    let waiter = Task { try await parties[1].acquire(name, ttl: .seconds(1)) }
                    if number % 2 == 0 {
                        try await waitUntil("the waiter") { try await server.waiterCount(name) == 1 }
                    }
                    waiter.cancel()
                    await #expect(throws: CancellationError.self) { try await waiter.value }
                    if number % 3 == 0 { _ = try await parties[1].locks.forceRelease(name) }
                    await lease.release()
                    await lease.release()
                }
                for party in parties { await party.locks.drain() }
            }
            for number in 0..<50 { try await server.expectFree("job/\(number)") }
            try await server.expectNothingForEver()
            let keys = try await server.command(["KEYS", "*"]).items.compactMap(\.text)
            #expect(keys.allSatisfy { $0.hasSuffix(":fence") || $0.hasSuffix(":waiters") })
        }
    }
}
