import DistributedLocks
import TestSupport
import Testing

@testable import RedisLocks

@Suite("Every key of a queue expires")
struct QueueExpiryTests {
    @Test("also if it is made while refusals are kept")
    func besidesRefusals() async throws {
        try await TestRedisServer.with { server in
            let store = try FaultScene.makeStore(port: server.port)
            let service = FaultScene.makeService(store, ttl: .seconds(20))
            let keys = try LockKeys(LockName(FaultScene.name), prefix: "")
            let lease = try await service.lock(FaultScene.name).acquire()
            // What the withdrawal of a request leaves that may still come.
            let claim = LockClaim(name: lease.name, mode: .exclusive, owner: OwnerID(from: .system))
            _ = try await store.calls.release(claim.owner, keys) { _ in .seconds(20) }
            let waiter = Task { try await service.lock(FaultScene.name).acquire(timeout: .seconds(20)) }
            try await waitUntil("a waiter") { try await server.command(["ZCARD", keys.queue]).number == 1 }
            for key in [keys.queue, keys.waiters] {
                #expect(try await server.command(["PTTL", key]).number ?? 0 > 0, "\(key)")
            }
            await lease.release()
            _ = try await waiter.value.release()
            await service.close()
        }
    }
}
