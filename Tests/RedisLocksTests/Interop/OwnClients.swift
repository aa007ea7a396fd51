import DistributedLocks
import RedisLocks

/// Clients of ours on a test server, each with a connection of its own.
enum OwnClients {
    /// Runs a body with clients that are closed afterwards, however it ends.
    ///
    /// - Parameters:
    ///   - count: How many.
    ///   - server: Where.
    ///   - ttl: How long their leases last without being renewed. What a waiter does not learn at once it learns after a third
    ///     of that.
    ///   - body: Gets the clients.
    /// - Returns: What the body returns.
    /// - Throws: What the body throws.
    static func with<Value>(
        _ count: Int,
        on server: TestRedisServer,
        ttl: Duration = .seconds(30),
        _ body: ([LockService]) async throws -> Value
    ) async throws -> Value {
        var configuration = LockConfiguration()
        configuration.ttl = ttl
        let services = try (0..<count).map { _ in
            LockService(try RedisStore("redis://127.0.0.1:\(server.port)"), configuration: configuration)
        }
        do {
            let value = try await body(services)
            for service in services { await service.close() }
            return value
        } catch {
            for service in services { await service.close() }
            throw error
        }
    }
}
