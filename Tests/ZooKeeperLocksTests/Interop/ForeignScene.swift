import DistributedLocks
import TestSupport
import Testing
import ZooKeeperLocks

/// A server, one lock, and two clients of ours: one behind a proxy, and one that is not.
struct ForeignScene: Sendable {
    let server: TestZooKeeperServer
    let proxy: ZooKeeperProxy
    /// The folder of the lock `x`.
    let path: String
    /// Behind the proxy.
    let own: LockService
    let other: LockService

    /// A lock that was held for a moment.
    struct Turn: Sendable {
        /// When it had been taken, as ``PeerProcess/now`` says.
        var time: Int
        var token: Int
    }

    /// Waits for the lock, and gives it back at once.
    ///
    /// - Parameters:
    ///   - service: Who waits.
    ///   - isQueued: Becomes `true` when it is queued, and has set its watch.
    /// - Returns: The turn.
    /// - Throws: What the lock throws.
    func turn(of service: LockService, _ isQueued: Shared<Bool> = Shared(false)) async throws -> Turn {
        let lease = try await service.lock("x").acquire(timeout: .seconds(40)) { _ in isQueued.withLock { $0 = true } }
        let turn = Turn(time: PeerProcess.now, token: lease.number)
        await lease.release()
        return turn
    }

    /// Waits until the lock is held, and so many wait for it.
    func waitUntil(waiters: Int) async throws {
        try await TestSupport.waitUntil("\(waiters) waiters", within: .seconds(40)) {
            let status = try await other.status(of: "x")
            return status.holders.count == 1 && status.waiters.count == waiters
        }
    }

    /// What the client behind the proxy has asked the server about the lock, since the proxy was told to forget: all but pings,
    /// and the transactions that prove that the session lives.
    var questions: [ZooKeeperOperation] {
        proxy.requests.map(\.operation).filter { $0 != .ping && $0 != .multi }
    }

    /// The nodes of the lock.
    func nodes() async throws -> [ZooKeeperNode] {
        let inspector = try server.inspector()
        try await inspector.sync()
        return try await inspector.children(path)
    }

    /// The sessions that watch a node of a lease.
    func watchers(of lease: Lease) async throws -> Set<Int64> {
        var found: Set<Int64> = []
        for node in try await nodes() where node.czxid == Int64(lease.number) {
            found.formUnion(try await server.watchers(of: node.path))
        }
        return found
    }

    /// Whether nothing of the lock is left, soon.
    func isClean() async throws -> Bool {
        try await TestSupport.waitUntil("an empty lock") { try await nodes().isEmpty }
        return try await other.status(of: "x").isIdle
    }
}
