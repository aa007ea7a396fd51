import Foundation
import Glibc
import Synchronization
import TestSupport

/// Stands between a client and a server, and does what networks do.
///
/// It understands commands and replies, so that a test can say exactly what gets lost. Connections with TLS cannot pass.
/// It takes connections even if the server is down, and closes them at once.
final class FaultProxy: Sendable {
    enum Direction: Sendable, CaseIterable {
        /// From the client to the server.
        case requests
        /// From the server to the client.
        case replies
    }

    private struct State {
        var upstream: Int
        var listener: Int32?
        var connections: [ObjectIdentifier: ProxyConnection] = [:]
        var stalled: Set<Direction> = []
        var delays: [Direction: Duration] = [:]
        var rules: [ProxyRule] = []
        var commands: [ProxiedCommand] = []
        var accepted = 0
    }

    /// The port for clients.
    let port: Int
    private let state: Mutex<State>

    private init(_ upstream: Int) throws {
        port = try Descriptors.freePort()
        state = Mutex(State(upstream: upstream))
        try accept()
    }

    /// Runs a proxy as long as the body runs, however that ends.
    ///
    /// - Parameters:
    ///   - server: The server behind it.
    ///   - body: Gets the proxy.
    /// - Returns: What the body returns.
    /// - Throws: What the body throws, or if there is no port.
    static func with<Value>(
        _ server: TestRedisServer,
        _ body: (FaultProxy) async throws -> Value
    ) async throws -> Value {
        let proxy = try FaultProxy(server.port)
        defer {
            proxy.refuse()
            proxy.cut()
        }
        return try await body(proxy)
    }

    // MARK: Faults

    /// Holds all bytes back, in one direction or in both, on all connections.
    func stall(_ directions: Direction...) {
        state.withLock { $0.stalled.formUnion(directions.isEmpty ? Direction.allCases : directions) }
    }

    /// Ends ``stall(_:)``: everything that was held back is delivered.
    func flow() {
        state.withLock { $0.stalled = [] }
    }

    /// Each command (or reply) takes so much longer; they still come in order, one after the other.
    func delay(_ direction: Direction, by time: Duration) {
        state.withLock { $0.delays[direction] = time }
    }

    /// Cuts all connections that there are now.
    func cut() {
        for connection in state.withLock({ Array($0.connections.values) }) { connection.cut() }
    }

    /// Refuses new connections, until ``accept()``.
    func refuse() {
        state.withLock { state in
            // Wakes the thread that accepts, which closes it.
            if let listener = state.listener { shutdown(listener, Int32(SHUT_RDWR)) }
            state.listener = nil
        }
    }

    /// Accepts connections again after ``refuse()``.
    func accept() throws {
        try state.withLock { state in
            guard state.listener == nil else { return }
            let listener = try Descriptors.listen(port)
            state.listener = listener
            Thread.detachNewThread { [self] in
                acceptAll(listener)
                close(listener)
            }
        }
    }

    /// Sends new connections to another server, as after a failover.
    func redirect(to server: TestRedisServer) {
        state.withLock { $0.upstream = server.port }
    }

    /// Says what happens to a certain command.
    ///
    /// - Parameters:
    ///   - nth: To which of the commands that match, from now on; the first one is 1.
    ///   - times: To how many, from that one on.
    ///   - action: What happens.
    ///   - matches: Which commands it is about. It is called on other threads.
    /// - Returns: The rule, to wait for what happens, and to end what it holds back.
    @discardableResult
    func when(
        nth: Int = 1,
        times: Int = 1,
        _ action: ProxyRule.Action,
        _ matches: @escaping @Sendable (ProxiedCommand) -> Bool
    ) -> ProxyRule {
        let rule = ProxyRule(action, nth..<nth + times, matches)
        state.withLock { $0.rules.append(rule) }
        return rule
    }

    // MARK: Looking

    /// All commands that have passed, or were swallowed or held back by a rule, since ``forget()``.
    var commands: [ProxiedCommand] { state.withLock { $0.commands } }

    /// How many commands of each name have passed, since ``forget()``.
    var counts: [String: Int] {
        commands.reduce(into: [:]) { $0[$1.name, default: 0] += 1 }
    }

    /// Starts counting anew.
    func forget() {
        state.withLock { $0.commands = [] }
    }

    /// How many connections there are.
    var connectionCount: Int { state.withLock { $0.connections.count } }

    /// How many connections there have ever been.
    var acceptedCount: Int { state.withLock { $0.accepted } }

    // MARK: For connections

    private func acceptAll(_ listener: Int32) {
        while true {
            let client = Glibc.accept(listener, nil, nil)
            guard client >= 0 else {
                if errno == EINTR || errno == ECONNABORTED { continue }
                return
            }
            _ = fcntl(client, F_SETFD, FD_CLOEXEC)
            adopt(client, from: listener)
        }
    }

    private func adopt(_ client: Int32, from listener: Int32) {
        let port = state.withLock { $0.listener == listener ? $0.upstream : nil }
        guard let port, let server = try? Descriptors.connect(port) else {
            close(client)
            return
        }
        Descriptors.sendAtOnce(client)
        let connection = ProxyConnection(self, client: client, server: server)
        let isWanted = state.withLock { state in
            guard state.listener == listener else { return false }
            state.connections[ObjectIdentifier(connection)] = connection
            state.accepted += 1
            return true
        }
        if !isWanted { connection.cut() }
        connection.start()
    }

    func remove(_ connection: ProxyConnection) {
        _ = state.withLock { $0.connections.removeValue(forKey: ObjectIdentifier(connection)) }
    }

    func isStalled(_ direction: Direction) -> Bool {
        state.withLock { $0.stalled.contains(direction) }
    }

    func delay(_ direction: Direction) -> Duration {
        state.withLock { $0.delays[direction] ?? .zero }
    }

    /// Counts a command, and finds the first rule for it. All rules count it.
    func rule(for command: ProxiedCommand) -> ProxyRule? {
        let rules = state.withLock { state in
            state.commands.append(command)
            return state.rules
        }
        return rules.filter { $0.applies(to: command) }.first
    }
}
