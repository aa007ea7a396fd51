import DistributedLocks

@testable import ZooKeeperLocks

/// Stores on an ensemble that does what a test says.
enum FakeStores {
    /// Makes a store whose locks are below `/locks`, runs the body, and closes it.
    ///
    /// - Parameters:
    ///   - options: More of the URL.
    ///   - servers: How the ensemble is made.
    ///   - body: Gets the store, and the ensemble.
    /// - Throws: What the body throws.
    static func with(
        _ options: String = "",
        _ servers: FakeOptions = FakeOptions(tick: .milliseconds(200)),
        _ body: (ZooKeeperStore, FakeZooKeeperServer) async throws -> Void
    ) async throws {
        try await FakeZooKeeperServer.with(servers) { server in
            let store = try ZooKeeperStore("zookeeper://\(server.addresses)/locks?session-timeout=4s\(options)")
            do {
                try await body(store, server)
            } catch {
                await store.close()
                throw error
            }
            await store.close()
        }
    }

    /// A request for a lock by a new owner.
    static func request(
        _ name: String,
        patience: LockRequest.Patience = .unlimited,
        onQueued: (@Sendable (Contention) -> Void)? = nil
    ) throws -> LockRequest {
        LockRequest(
            claim: LockClaim(name: try LockName(name), mode: .exclusive, owner: OwnerID(from: .system)),
            holder: Holder(label: "test"),
            ttl: .seconds(30),
            patience: patience,
            onQueued: onQueued
        )
    }
}
