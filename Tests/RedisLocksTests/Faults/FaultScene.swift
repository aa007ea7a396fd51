import DistributedLocks
import TestSupport
import Testing

@testable import RedisLocks

/// A server, a client that reaches it through a network that can be broken, and others that reach it directly.
struct FaultScene: Sendable {
    let server: TestRedisServer
    let proxy: FaultProxy
    /// Through the proxy, with short timeouts.
    let store: RedisStore
    /// On ``store``, as users have it.
    let service: LockService
    /// A direct connection, another client.
    let other: LockService

    /// Leases are so long here; whoever is left behind by a fault has to wait for one of them at most.
    static let ttl = Duration.seconds(1)
    /// How long a request may take through the proxy, in tests that are about that; others are patient, since a machine may
    /// be busy.
    static let shortTimeout = Duration.milliseconds(600)
    /// The lock of most tests.
    static let name = "orders/42"

    /// Runs all of it as long as the body runs.
    ///
    /// - Parameters:
    ///   - kind: Which server.
    ///   - options: How to start it.
    ///   - requestTimeout: How long a request and an attempt to connect may take through the proxy.
    ///   - isConnected: Whether the connection through the proxy is there when the body begins.
    ///   - body: Gets the scene.
    /// - Throws: What the body throws.
    static func with(
        _ kind: ServerKind = .redis7,
        _ options: TestRedisServer.Options = .init(),
        requestTimeout: Duration = .seconds(5),
        isConnected: Bool = true,
        _ body: (FaultScene) async throws -> Void
    ) async throws {
        try await TestRedisServer.with(kind, options) { server in
            // So that the first command of a kind is not refused as unknown.
            for script in Script.all { _ = try await server.command(["SCRIPT", "LOAD", script.source]) }
            try await FaultProxy.with(server) { proxy in
                let store = try makeStore(port: proxy.port) {
                    $0.requestTimeout = requestTimeout
                    $0.connectTimeout = requestTimeout
                }
                let other = try makeStore(port: server.port) {
                    $0.requestTimeout = .seconds(5)
                    $0.connectTimeout = .seconds(5)
                }
                let scene = FaultScene(
                    server: server,
                    proxy: proxy,
                    store: store,
                    service: makeService(store),
                    other: makeService(other)
                )
                do {
                    if isConnected { try await scene.connect() }
                    try await body(scene)
                } catch {
                    await scene.close()
                    throw error
                }
                await scene.close()
            }
        }
    }

    /// A store with short timeouts.
    static func makeStore(
        port: Int,
        _ change: (inout RedisConfiguration) -> Void = { _ in }
    ) throws -> RedisStore {
        var configuration = try RedisConfiguration(url: "redis://127.0.0.1:\(port)")
        configuration.requestTimeout = shortTimeout
        configuration.connectTimeout = shortTimeout
        change(&configuration)
        return try RedisStore(configuration)
    }

    /// A service with short leases.
    static func makeService(_ store: RedisStore, ttl: Duration = ttl) -> LockService {
        var configuration = LockConfiguration()
        configuration.ttl = ttl
        return LockService(store, configuration: configuration)
    }

    private func connect() async throws {
        try await waitUntil("a connection") { (try? await service.status(of: "other")) != nil }
        proxy.forget()
    }

    private func close() async {
        proxy.flow()
        await service.close()
        await other.close()
    }

    var lock: DistributedLock { get throws { try service.lock(Self.name) } }
    var otherLock: DistributedLock { get throws { try other.lock(Self.name) } }

    // MARK: Requests

    /// A fresh request for a bare store.
    static func request(_ patience: LockRequest.Patience = .unlimited, name: String = name) throws -> LockRequest {
        LockRequest(
            claim: LockClaim(name: try LockName(name), mode: .exclusive, owner: OwnerID(from: .system)),
            holder: .currentProcess,
            ttl: Self.ttl,
            patience: patience
        )
    }

    // MARK: Looking

    /// What is in the server of locks and waiters: keys, fields and members; fencing tokens and refusals are none of it.
    func remains() async throws -> [String] { try await server.remainsOfLocks() }

    /// Waits until the server holds nothing of any lock.
    func waitUntilEmpty(within limit: Duration = .seconds(10)) async throws {
        try await waitUntil("an empty server", within: limit, details: { "\((try? await remains()) ?? [])" }) {
            try await remains().isEmpty
        }
    }

    /// Waits until so many wait in the queue.
    func waitUntilQueued(_ count: Int, name: String = name) async throws {
        let queue = try LockKeys(LockName(name), prefix: "").queue
        try await waitUntil("\(count) waiters") { try await server.command(["ZCARD", queue]).number == count }
    }

    /// What must hold after every fault: another client gets the lock within a lease, with a larger token, nothing is left in
    /// the server, and the store goes on as if nothing had happened.
    ///
    /// - Parameters:
    ///   - last: The largest token that anybody has been given.
    ///   - sourceLocation: Where to report.
    /// - Throws: ``TimedOut``, or what is thrown on the way.
    func expectHealthy(
        after last: FencingToken? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let lease = try await otherLock.acquire(timeout: Self.ttl + .seconds(3))
        var tokens = [last, lease.fencingToken].compactMap(\.self)
        await lease.release()
        try await waitUntilEmpty()
        // The connection may be a broken one for a moment still.
        try await waitUntil("a store that works again", within: .seconds(10)) {
            guard let lease = try? await lock.acquire(timeout: .seconds(1)) else { return false }
            tokens.append(lease.fencingToken)
            return await lease.release() == .released
        }
        for (earlier, later) in zip(tokens, tokens.dropFirst()) {
            #expect(earlier < later, "\(tokens)", sourceLocation: sourceLocation)
        }
        try await waitUntilEmpty()
    }
}

extension TestRedisServer {
    /// What is in the server of locks and waiters: keys, fields and members; fencing tokens and refusals, which must expire, are
    /// none of it.
    func remainsOfLocks() async throws -> [String] {
        var remains: [String] = []
        for key in try await command(["KEYS", "*"]).items.compactMap(\.text) {
            let expires = try await command(["PTTL", key]).number ?? -2
            if key.hasSuffix(":fence") || key.hasSuffix(":waiters"), expires == -1 { remains.append("\(key) for ever") }
            if key.hasSuffix(":waiters") {
                let fields = try await command(["HKEYS", key]).items.compactMap(\.text)
                remains += fields.filter { !$0.hasPrefix("gone:") }.map { "\(key) \($0)" }
            } else if key.hasSuffix(":queue") {
                remains += try await command(["ZRANGE", key, "0", "-1"]).items.compactMap(\.text).map { "\(key) \($0)" }
            } else if !key.hasSuffix(":fence") {
                remains.append(key)
            }
        }
        return remains
    }
}

extension ProxiedCommand {
    /// Whether it runs a script, by its SHA-1 or whole.
    func runs(_ script: Script) -> Bool {
        contains(script.sha1) || (name == "EVAL" && text(1) == script.source)
    }
}

extension LeaseState {
    /// Why it is over; `nil` if it is not.
    var lossReason: LossReason? {
        if case .lost(let reason) = self { reason } else { nil }
    }
}
