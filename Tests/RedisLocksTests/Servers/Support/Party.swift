import DistributedLocks
import Logging
import TestSupport

@testable import RedisLocks

/// One client of a server: a store and a service of its own, as another process would have them.
struct Party: Sendable {
    let store: RedisStore
    let locks: LockService

    /// Makes a client that connects when it is first used.
    ///
    /// - Parameters:
    ///   - ports: Where servers may be, on the loopback interface.
    ///   - requestTimeout: See ``RedisConfiguration/requestTimeout``.
    /// - Throws: If the library does not take that.
    init(_ ports: [Int], requestTimeout: Duration) throws {
        let quiet = Logger(label: "quiet") { _ in SwiftLogNoOpLogHandler() }
        var configuration = try RedisConfiguration(url: "redis://127.0.0.1:\(ports[0])")
        configuration.addresses = ports.map { .host("127.0.0.1", port: $0) }
        configuration.requestTimeout = requestTimeout
        configuration.connectTimeout = requestTimeout
        store = try RedisStore(configuration, random: RandomSource(SoonGenerator()), logger: quiet)
        var service = LockConfiguration()
        service.logger = quiet
        locks = LockService(store, configuration: service)
    }

    /// Runs clients as long as the body runs, however that ends.
    ///
    /// - Parameters:
    ///   - count: How many.
    ///   - ports: Where servers may be.
    ///   - requestTimeout: How long they wait for an answer.
    ///   - body: Gets the clients.
    /// - Returns: What the body returns.
    /// - Throws: What the body throws.
    static func with<Value>(
        _ count: Int,
        at ports: Int...,
        requestTimeout: Duration = .seconds(5),
        _ body: ([Party]) async throws -> Value
    ) async throws -> Value {
        let parties = try (0..<count).map { _ in try Party(ports, requestTimeout: requestTimeout) }
        do {
            let value = try await body(parties)
            await close(parties)
            return value
        } catch {
            await close(parties)
            throw error
        }
    }

    private static func close(_ parties: [Party]) async {
        await withTaskGroup(of: Void.self) { group in
            for party in parties { group.addTask { await party.locks.close() } }
        }
    }

    /// Takes a lock; fails if that takes very long.
    func acquire(_ name: String, ttl: Duration, timeout: Duration = .seconds(25)) async throws -> Lease {
        try await locks.lock(name, options: LockOptions(ttl: ttl)).acquire(timeout: timeout)
    }
}

extension Party {
    /// Uses a lock until that works: then there is a connection, and the server knows the scripts. With short timeouts, the
    /// first attempts may fail on a busy machine.
    func warmUp() async throws {
        try await waitUntil("a first answer") {
            guard let lease = try? await acquire("warm", ttl: .seconds(5)) else { return false }
            return await lease.release() == .released
        }
    }

    /// Waits until a lease has been renewed once more, which it is not if the server has given the lock away.
    func expectRenewal(of lease: Lease) async throws {
        let end = lease.validUntil
        try await waitUntil("a renewal", details: { "; the lease is \(lease.state)" }) {
            if case .lost = lease.state { throw TimedOut(what: "a renewal of a lease that is \(lease.state)") }
            return lease.validUntil != end
        }
    }
}
