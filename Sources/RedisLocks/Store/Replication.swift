import DistributedLocks

/// Makes sure that grants and renewals have reached enough replicas, where that is asked for.
///
/// On a connection of its own: `WAIT` holds up everything behind it on its connection.
struct Replication: Sendable {
    let calls: ScriptCalls
    let required: Int
    let timeout: Duration

    /// Makes one if the configuration asks for it.
    ///
    /// - Throws: `LockError.invalid`.
    init?(_ configuration: RedisConfiguration, _ makeClient: () throws(LockError) -> RedisClient) throws(LockError) {
        guard configuration.requiredReplicas > 0 else { return nil }
        calls = ScriptCalls(client: try makeClient())
        required = configuration.requiredReplicas
        timeout = configuration.replicaTimeout
    }

    /// Extends leases, and waits until the replicas know of it, and so of everything before it.
    ///
    /// - Returns: As ``ScriptCalls/renew(_:watching:)``.
    /// - Throws: `LockError.storeFailed` if too few replicas have confirmed it in time.
    func renew(_ leases: [(owner: OwnerID, keys: LockKeys, ttl: Duration)]) async throws -> ([Bool], LeaseClock.Instant)
    {
        var connection: UInt64?
        let (answers, sent) = try await calls.renew(leases, watching: false) { connection = $0 }
        if answers.contains(true) { try await confirm(on: connection) }
        return (answers, sent)
    }

    /// Says once more that a claim stays locked for a while, and waits until the replicas know of it.
    ///
    /// - Throws: `LockError.storeFailed` if too few replicas have confirmed it in time.
    func keep(_ owner: OwnerID, _ keys: LockKeys, for time: Duration) async throws {
        guard time > .zero else { return }
        var connection: UInt64?
        let refusal = { (id: UInt64) -> Duration in
            connection = id
            return .zero
        }
        guard try await calls.release(owner, keys, refusal: refusal, keptFor: time) == .held else { return }
        try await confirm(on: connection)
    }

    private func confirm(on connection: UInt64?) async throws {
        let confirmed = try await calls.wait(for: required, timeout: timeout, on: connection)
        guard confirmed >= required else {
            let store = calls.client.configuration.label
            let reason = "\(confirmed) of \(required) required replicas confirmed within \(timeout.shortText)"
            throw LockError.storeFailed(store: store, reason: reason)
        }
    }
}
