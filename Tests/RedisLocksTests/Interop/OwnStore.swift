import DistributedLocks
import RedisLocks
import TestSupport
import Testing

/// A store of ours on a test server, one lock of it, and requests for that without a ``LockService`` that renews leases.
struct OwnStore {
    static let key = "orders/42"

    let server: TestRedisServer
    let store: RedisStore
    let name: LockName

    /// Runs a body with a server, and a store that is closed afterwards.
    static func with(_ kind: ServerKind = .redis7, _ body: (OwnStore) async throws -> Void) async throws {
        try await TestRedisServer.with(kind) { try await with($0, body) }
    }

    /// Runs a body with another store on the same server.
    func withAnother(_ body: (OwnStore) async throws -> Void) async throws {
        try await Self.with(server, body)
    }

    private static func with(_ server: TestRedisServer, _ body: (OwnStore) async throws -> Void) async throws {
        let store = try RedisStore("redis://127.0.0.1:\(server.port)")
        do {
            try await body(OwnStore(server: server, store: store, name: LockName(key)))
            await store.close()
        } catch {
            await store.close()
            throw error
        }
    }

    /// What somebody new claims.
    func makeClaim() -> LockClaim {
        LockClaim(name: name, mode: .exclusive, owner: OwnerID(from: .system))
    }

    /// Asks for the lock.
    func acquire(
        _ claim: LockClaim,
        ttl: Duration = .seconds(30),
        patience: LockRequest.Patience
    ) async throws -> Acquisition {
        let holder = Holder(label: "ours")
        return try await store.acquire(LockRequest(claim: claim, holder: holder, ttl: ttl, patience: patience))
    }

    /// Lets somebody wait for the lock. It is in the queue when this returns, unless it has the lock already.
    ///
    /// - Parameter claim: What it claims.
    /// - Returns: Its task; the value is the time when it had the lock.
    /// - Throws: If the server does not answer.
    func wait(_ claim: LockClaim) async throws -> Task<LeaseClock.Instant, any Error> {
        let task = Task {
            let end = store.clock.now.advanced(by: .seconds(25))
            guard case .granted(let grant) = try await acquire(claim, patience: .until(end)) else {
                throw TimedOut(what: "the lock")
            }
            let time = store.clock.now
            #expect(grant.claim == claim)
            return time
        }
        try await waitUntil("\(claim.owner) to queue") {
            let status = try await store.status(of: name)
            return (status.holders + status.waiters).contains { $0.owner == claim.owner }
        }
        return task
    }

    /// What the key of the lock is now.
    func snapshot() async throws -> KeySnapshot {
        try await KeySnapshot(Self.key, on: server)
    }
}
