import DistributedLocks
import TestSupport
import Testing
import ZooKeeperLocks

/// Three servers, a lock, and what has happened to it.
struct EnsembleScene: Sendable {
    /// The lock of all tests.
    static let name = "x"

    let ensemble: TestEnsemble
    /// The node that the lock is below.
    let folder = SharedZooKeeper.freshPath()
    let log: ContestLog

    init(_ ensemble: TestEnsemble) throws {
        self.ensemble = ensemble
        log = try ContestLog()
    }

    /// Runs an ensemble of its own.
    ///
    /// - Parameters:
    ///   - options: How to start the servers.
    ///   - isPartitionable: Whether they can be cut off from each other.
    ///   - body: Gets the scene.
    /// - Throws: What the body throws.
    static func with(
        _ options: TestZooKeeperServer.Options = .init(),
        isPartitionable: Bool = false,
        _ body: (EnsembleScene) async throws -> Void
    ) async throws {
        try await TestEnsemble.with(options, isPartitionable: isPartitionable) { ensemble in
            try await body(EnsembleScene(ensemble))
        }
    }

    var path: String { "\(folder)/\(Self.name)" }

    /// Runs clients of ours, each with a session of its own.
    func with<Value>(
        _ count: Int = 1,
        at addresses: String,
        session: Duration,
        naming: ZooKeeperNaming = .curator,
        _ body: ([LockService]) async throws -> Value
    ) async throws -> Value {
        try await OwnClients.with(count, at: addresses, path: folder, naming: naming, session: session, body)
    }

    /// Takes the lock once and gives it back, and does it again if that fails.
    ///
    /// - Returns: The token.
    @discardableResult
    func warmUp(_ service: LockService) async throws -> Int {
        var token = 0
        try await waitUntil("a turn", within: .seconds(40)) {
            guard let lease = try? await service.lock(Self.name).acquire(timeout: .seconds(20)) else { return false }
            token = lease.number
            return await lease.release() == .released
        }
        return token
    }

    // MARK: Looking

    /// The nodes of the lock, as a server knows them that knows everything.
    func nodes() async throws -> [ZooKeeperNode] {
        let inspector = try await ensemble.leader(among: ensemble.servers.filter { $0.pid != nil }).inspector()
        try await inspector.sync()
        return try await inspector.children(path)
    }

    /// Waits until so many claims hold the lock, or wait for it.
    func waitFor(claims: Int) async throws {
        var found: [Int64] = []
        try await waitUntil("\(claims) claims", within: .seconds(40), details: { "\(found)" }) {
            found = try await nodes().map(\.czxid)
            return Set(found).count == claims
        }
    }

    /// What must hold after every fault: all clients get the lock without having been started anew, with tokens that grow, and
    /// nothing is left.
    ///
    /// - Parameters:
    ///   - services: The clients.
    ///   - last: The largest token so far.
    ///   - sourceLocation: Where to report.
    /// - Throws: ``TimedOut``
    func expectHealthy(
        _ services: [LockService],
        after last: Int = 0,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        var tokens = [last]
        for service in services { tokens.append(try await warmUp(service)) }
        #expect(tokens == Set(tokens).sorted(), "tokens that grow", sourceLocation: sourceLocation)
        try await waitFor(claims: 0)
        #expect(log.overlaps == [], sourceLocation: sourceLocation)
        #expect(log.disorder == [], sourceLocation: sourceLocation)
    }
}
