import DistributedLocks
import TestSupport
import Testing

/// Somebody who holds a lock until it is told to let go, or is told that it has lost it. It writes that into a log.
final class Stay: Sendable {
    let lease: Lease
    private let presence: Task<Void, any Error>

    private init(_ lease: Lease, _ log: ContestLog, _ name: String) {
        self.lease = lease
        presence = Task {
            try await log.hold(as: name, token: lease.number) {
                for await state in lease.states { if case .lost = state { return } }
            }
        }
    }

    /// Waits for the lock.
    ///
    /// - Parameters:
    ///   - service: Who wants it.
    ///   - scene: What is locked: ``EnsembleScene/name``.
    ///   - name: What it is called in the log.
    ///   - onQueued: See `DistributedLock.acquire`.
    /// - Returns: The stay, which has begun.
    /// - Throws: What the lock throws.
    static func begin(
        _ service: LockService,
        _ scene: EnsembleScene,
        as name: String,
        onQueued: (@Sendable (Contention) -> Void)? = nil
    ) async throws -> Stay {
        let lease = try await service.lock(EnsembleScene.name).acquire(timeout: .seconds(60), onQueued: onQueued)
        return Stay(lease, scene.log, name)
    }

    var token: Int { lease.number }

    /// Gives the lock back.
    @discardableResult
    func end() async throws -> ReleaseResult {
        presence.cancel()
        _ = await presence.result
        return await lease.release()
    }

    /// Waits until its holder has been told that the lock is lost, and has left.
    ///
    /// - Returns: Why.
    /// - Throws: ``TimedOut``
    func loss() async throws -> LossReason? {
        try await waitUntil("a loss", within: .seconds(40), details: { "; the lease is \(lease.state)" }) {
            if case .lost = lease.state { true } else { false }
        }
        _ = await presence.result
        if case .lost(let reason) = lease.state { return reason }
        return nil
    }

    /// Waits until the lock is confirmed by what was asked from now on.
    func isConfirmed() async throws {
        let end = try #require(lease.validUntil)
        try await waitUntil("a proof", within: .seconds(40), details: { "; the lease is \(lease.state)" }) {
            if case .lost = lease.state { throw TimedOut(what: "a proof of a lease that is \(lease.state)") }
            return lease.state == .held && lease.validUntil != end
        }
    }
}
