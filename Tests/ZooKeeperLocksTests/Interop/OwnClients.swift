import DistributedLocks
import TestSupport

@testable import ZooKeeperLocks

/// Clients of ours, each with a session of its own, as other processes would have them.
enum OwnClients {
    /// Runs a body with clients that are connected, and are closed afterwards, however it ends.
    ///
    /// - Parameters:
    ///   - count: How many.
    ///   - addresses: The servers, or a ``ZooKeeperProxy``: what comes after `zookeeper://`.
    ///   - path: The node that their locks are below.
    ///   - naming: How their nodes are called.
    ///   - session: The session timeout.
    ///   - requestTimeout: See ``ZooKeeperConfiguration/requestTimeout``.
    ///   - body: Gets the clients.
    /// - Returns: What the body returns.
    /// - Throws: What the body throws.
    static func with<Value>(
        _ count: Int,
        at addresses: String,
        path: String,
        naming: ZooKeeperNaming = .curator,
        session: Duration = .seconds(10),
        requestTimeout: Duration = .seconds(5),
        _ body: ([LockService]) async throws -> Value
    ) async throws -> Value {
        let services = try (0..<count).map { _ in
            var configuration = try ZooKeeperConfiguration(url: "zookeeper://\(addresses)\(path)")
            configuration.naming = naming
            configuration.sessionTimeout = session
            configuration.requestTimeout = requestTimeout
            return LockService(try ZooKeeperStore(configuration))
        }
        do {
            for service in services {
                // On a busy machine the first attempt may take too long.
                try await waitUntil("a connection", within: .seconds(40)) {
                    (try? await service.status(of: "connection")) != nil
                }
            }
            let value = try await body(services)
            await close(services)
            return value
        } catch {
            await close(services)
            throw error
        }
    }

    private static func close(_ services: [LockService]) async {
        await withTaskGroup(of: Void.self) { group in
            for service in services { group.addTask { await service.close() } }
        }
    }
}

extension Lease {
    /// The fencing token as other clients write theirs.
    var number: Int { Int(fencingToken.rawValue) }
}
