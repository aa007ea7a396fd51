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
        guard answers.contains(true) else { return (answers, sent) }
        let confirmed = try await calls.wait(for: required, timeout: timeout, on: connection)
        guard confirmed >= required else {
            let store = calls.client.configuration.label
            let reason = "\(confirmed) of \(required) required replicas confirmed within \(timeout.shortText)"
            throw LockError.storeFailed(store: store, reason: reason)
        }
        return (answers, sent)
    }
}
