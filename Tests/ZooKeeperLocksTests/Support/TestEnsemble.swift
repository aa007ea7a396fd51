import TestSupport

/// Three real servers that agree with each other. They die with the test process.
///
/// ```swift
/// try await TestEnsemble.with { ensemble in
///     try await ensemble.leader().kill()
///     let next = try await ensemble.leader()
/// }
/// ```
///
/// Servers are killed, paused and started again one by one, with the methods of ``TestZooKeeperServer``. One that is alone
/// is to be started with `launch()`, since it does not serve.
final class TestEnsemble: Sendable {
    let servers: [TestZooKeeperServer]
    private let links: EnsembleLinks

    private init(_ options: TestZooKeeperServer.Options, isPartitionable: Bool) throws {
        let numbers = 1...3
        let links = try EnsembleLinks(numbers, isPartitionable: isPartitionable)
        self.links = links
        servers = try numbers.map { number in
            try TestZooKeeperServer(options, place: .init(number: number, members: links.members(for: number)))
        }
    }

    /// Runs an ensemble as long as the body runs, however that ends.
    ///
    /// - Parameters:
    ///   - options: How to start each server.
    ///   - isPartitionable: Whether there are proxies between the servers, so that ``silence(from:to:)`` and
    ///     ``isolate(_:)`` work.
    ///   - body: Gets the ensemble, which has a leader.
    /// - Returns: What the body returns.
    /// - Throws: What the body throws, or if there are no such servers, or if they do not start.
    static func with<Value>(
        _ options: TestZooKeeperServer.Options = .init(),
        isPartitionable: Bool = false,
        _ body: (TestEnsemble) async throws -> Value
    ) async throws -> Value {
        let ensemble = try await started(options, isPartitionable: isPartitionable)
        do {
            let value = try await body(ensemble)
            try await ensemble.end()
            return value
        } catch {
            try await ensemble.end()
            throw error
        }
    }

    /// Starts one.
    static func started(
        _ options: TestZooKeeperServer.Options = .init(),
        isPartitionable: Bool = false
    ) async throws -> TestEnsemble {
        for _ in 0..<5 {
            let ensemble = try TestEnsemble(options, isPartitionable: isPartitionable)
            do {
                for server in ensemble.servers { try server.launch() }
                for server in ensemble.servers { try await blocking { try server.waitUntilItServes() } }
                return ensemble
            } catch {
                try await ensemble.end()
                guard ensemble.servers.contains(where: { $0.log.contains("Address already in use") }) else {
                    throw error
                }
            }
        }
        throw TestZooKeeperServer.Failure(description: "five times, a port was taken by others")
    }

    private func end() async throws {
        links.heal()
        links.end()
        for server in servers { try await server.kill() }
    }

    /// What clients are told: host and port of all servers.
    var addresses: String { servers.map(\.address).joined(separator: ",") }

    // MARK: Who leads

    /// Waits until one of the servers leads, and another one follows.
    ///
    /// - Parameter candidates: The servers that are looked at: without those that still believe to lead. All of them, if
    ///   `nil`.
    /// - Returns: The leader.
    /// - Throws: ``TimedOut``
    func leader(among candidates: [TestZooKeeperServer]? = nil) async throws -> TestZooKeeperServer {
        let candidates = candidates ?? servers
        var found: TestZooKeeperServer?
        var modes: [TestZooKeeperServer.Mode?] = []
        try await waitUntil("a leader", within: .seconds(40), details: { "\(modes)" }) {
            modes = try await self.modes(of: candidates)
            let leaders = zip(candidates, modes).filter { $0.1 == .leader }
            found = leaders.first?.0
            return leaders.count == 1 && modes.contains(.follower)
        }
        guard let found else { throw TimedOut(what: "a leader") }
        return found
    }

    /// Waits until there is a leader, and all other servers that run follow it.
    ///
    /// - Returns: Those that follow.
    /// - Throws: ``TimedOut``
    func followers() async throws -> [TestZooKeeperServer] {
        let running = servers.filter { $0.pid != nil }
        let leader = try await leader(among: running)
        let others = running.filter { $0 !== leader }
        try await waitUntil("all to follow", within: .seconds(40)) {
            try await self.modes(of: others).allSatisfy { $0 == .follower }
        }
        return others
    }

    /// Waits until none of these serves clients any more: those that run see no majority.
    func waitUntilNoneServes(_ servers: [TestZooKeeperServer]? = nil) async throws {
        try await waitUntil("the end of all service", within: .seconds(40)) {
            try await self.modes(of: servers ?? self.servers).allSatisfy { $0 == nil }
        }
    }

    private func modes(of servers: [TestZooKeeperServer]) async throws -> [TestZooKeeperServer.Mode?] {
        try await blocking { servers.map { try? $0.mode(patience: 1) } }
    }

    // MARK: Faults between the servers

    /// From now on, nothing that one server sends to another one arrives. Connections stay.
    func silence(from sender: TestZooKeeperServer, to receiver: TestZooKeeperServer) {
        guard let from = sender.place?.number, let to = receiver.place?.number else { return }
        links.silence(from: from, to: to)
    }

    /// From now on, a server and the others do not hear each other. Its clients reach it still.
    func isolate(_ server: TestZooKeeperServer) {
        for other in servers where other !== server {
            silence(from: server, to: other)
            silence(from: other, to: server)
        }
    }

    /// Ends all silence between the servers; what was held back arrives now.
    func heal() {
        links.heal()
    }
}
