import DistributedLocks
import TestSupport
import Testing

@testable import ZooKeeperLocks

/// A server, a client that reaches it through a network that can be broken, and others that reach it directly.
struct FaultScene: Sendable {
    let server: TestZooKeeperServer
    let proxy: ZooKeeperProxy
    /// The node that all locks of the scene are below.
    let root: String
    /// Through the proxy.
    let store: ZooKeeperStore
    /// On ``store``, as users have it.
    let service: LockService
    /// A direct connection, another client.
    let other: LockService

    /// How a scene is made.
    struct Options: Sendable {
        /// How long the locks of the client behind the proxy outlive it.
        var session = Duration.seconds(10)
        /// How long a request may take through the proxy.
        var requestTimeout = Duration.seconds(5)
        var naming = ZooKeeperNaming.curator
        /// Whether there is a session through the proxy when the body begins.
        var isConnected = true
        /// Whether the node of the lock is there when the body begins.
        var hasDirectory = true
        /// Who the client behind the proxy says that it is.
        var credentials: ZooKeeperCredentials?
    }

    /// How long a request may take through the proxy, in tests that are about that; others are patient, since a machine may
    /// be busy.
    static let shortTimeout = Duration.milliseconds(600)
    /// The lock of most tests.
    static let name = "orders/42"

    /// Runs all of it as long as the body runs, on the server of all tests: it must not be disturbed.
    static func with(_ options: Options = Options(), _ body: (FaultScene) async throws -> Void) async throws {
        try await with(SharedZooKeeper.server(), options, body)
    }

    /// Runs all of it as long as the body runs.
    ///
    /// - Parameters:
    ///   - server: A server.
    ///   - options: How the clients are made.
    ///   - body: Gets the scene.
    /// - Throws: What the body throws.
    static func with(
        _ server: TestZooKeeperServer,
        _ options: Options = Options(),
        _ body: (FaultScene) async throws -> Void
    ) async throws {
        let root = SharedZooKeeper.freshPath()
        try await ZooKeeperProxy.with(server) { proxy in
            let store = try makeStore(port: proxy.port, root, options)
            let scene = FaultScene(
                server: server,
                proxy: proxy,
                root: root,
                store: store,
                service: LockService(store, configuration: Self.configuration),
                other: LockService(try makeStore(port: server.port, root, Options(naming: options.naming)))
            )
            do {
                try await scene.prepare(options)
                try await body(scene)
            } catch {
                await scene.close()
                throw error
            }
            await scene.close()
        }
    }

    /// Nobody waits long for the cleaning up behind a cancelled request: it goes on in the background.
    private static var configuration: LockConfiguration {
        var configuration = LockConfiguration()
        configuration.cleanupTimeout = .milliseconds(200)
        return configuration
    }

    /// A store with the locks below a node.
    static func makeStore(port: Int, _ root: String, _ options: Options = Options()) throws -> ZooKeeperStore {
        var configuration = ZooKeeperConfiguration(addresses: [ZooKeeperAddress(host: "127.0.0.1", port: port)])
        configuration.chroot = root
        configuration.sessionTimeout = options.session
        configuration.requestTimeout = options.requestTimeout
        configuration.naming = options.naming
        configuration.credentials = options.credentials
        return try ZooKeeperStore(configuration)
    }

    private func prepare(_ options: Options) async throws {
        try await server.inspector().create(options.hasDirectory ? directory : root)
        guard options.isConnected else { return }
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

    /// The node that the contenders of the lock are below.
    var directory: String { "\(root)/orders%2F42" }
}

extension FaultScene {
    /// The nodes of the lock, in the order in which they were made.
    func contenders() async throws -> [ZooKeeperNode] {
        try await server.inspector().children(directory).sorted { ($0.czxid, $0.name) < ($1.czxid, $1.name) }
    }

    /// What is below the nodes of all locks.
    func remains() async throws -> [String] {
        let inspector = try server.inspector()
        var remains: [String] = []
        for lock in try await inspector.children(root) {
            remains += try await inspector.children(lock.path).map(\.path)
        }
        return remains
    }

    /// The sessions that the client behind the proxy has had; not the answers that one is over.
    var sessions: Set<Int64> { Set(proxy.sessions.map(\.number)).subtracting([0]) }

    /// Waits until so many nodes contend for the lock.
    func waitUntilContended(by count: Int) async throws {
        try await waitUntil("\(count) contenders", details: { "; \((try? await remains()) ?? [])" }) {
            try await contenders().count == count
        }
    }

    /// Waits until nobody contends for any lock.
    func waitUntilEmpty() async throws {
        try await waitUntil("an empty server", details: { "\((try? await remains()) ?? [])" }) {
            try await remains().isEmpty
        }
    }

    /// Waits until the client behind the proxy watches no node any more.
    func waitUntilNothingIsWatched() async throws {
        try await waitUntil("the end of all watches") { try await store.client.watchCount() == 0 }
    }

    /// Starts waiting for the lock, and returns when that is queued behind all others.
    func queue(_ lock: DistributedLock, timeout: Duration? = .seconds(60)) async throws -> Task<Lease, any Error> {
        let hasQueued = Latch<Void>()
        let task = Task {
            try await lock.acquire(timeout: timeout) { _ in hasQueued.open(()) }
        }
        try await waitUntil("a waiter") { hasQueued.current != nil }
        return task
    }

    /// What must hold after every fault: another client gets the lock, with a larger token, nothing is left in the server, and
    /// the store goes on as if nothing had happened.
    ///
    /// - Parameters:
    ///   - last: The largest token that anybody has been given.
    ///   - sourceLocation: Where to report.
    /// - Throws: ``TimedOut``, or what is thrown on the way.
    func expectHealthy(
        after last: FencingToken? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let lease = try await otherLock.acquire(timeout: .seconds(20))
        var tokens = [last, lease.fencingToken].compactMap(\.self)
        #expect(await lease.release() == .released, sourceLocation: sourceLocation)
        try await waitUntilEmpty()
        // The connection may be a broken one for a moment still.
        try await waitUntil("a store that works again") {
            guard let lease = try? await lock.acquire(timeout: .seconds(5)) else { return false }
            tokens.append(lease.fencingToken)
            return await lease.release() == .released
        }
        for (earlier, later) in zip(tokens, tokens.dropFirst()) {
            #expect(earlier < later, "\(tokens)", sourceLocation: sourceLocation)
        }
        try await waitUntilEmpty()
        try await waitUntil("the end of all claims") { store.traces.count == 0 && store.holdings.count == 0 }
        try await waitUntilNothingIsWatched()
    }
}

extension Lease {
    /// Why it is over, by the clock; `nil` if it is not.
    var loss: LossReason? {
        if case .lost(let reason) = state { reason } else { nil }
    }
}

extension Result {
    /// What it is, unless it is an error.
    var value: Success? { try? get() }

    /// Whether it says that the store does not answer.
    var isUnreachable: Bool {
        if case .failure(let error) = self { (error as? LockError)?.sort == "unreachable" } else { false }
    }
}

extension LockError {
    /// Which of the errors it is, such as `unreachable`.
    var sort: String { Mirror(reflecting: self).children.first?.label ?? "" }
}
