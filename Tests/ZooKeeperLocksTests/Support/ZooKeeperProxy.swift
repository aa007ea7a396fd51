import Foundation
import Glibc
import Synchronization
import TestSupport

/// Stands between a client and servers, and does what networks do.
///
/// It understands requests and replies, so that a test can say exactly what gets lost. Connections with TLS cannot pass. It
/// takes connections even if the server is down, and closes them at once. With several servers, connections go to them in
/// turn.
final class ZooKeeperProxy: Sendable {
    enum Direction: Sendable, CaseIterable {
        /// From the client to the server.
        case requests
        /// From the server to the client.
        case replies
    }

    /// What the server has said of a session.
    struct Session: Sendable, Equatable {
        var number: Int64
        var password: [UInt8]
        /// The timeout in milliseconds.
        var timeout: Int32
    }

    private struct State {
        var targets: [Int]
        var listener: Int32?
        var connections: [Int: ZooKeeperProxyConnection] = [:]
        var stalled: Set<Direction> = []
        var delays: [Direction: Duration] = [:]
        var rules: [ZooKeeperProxyRule] = []
        var requests: [ProxiedRequest] = []
        var replies: [ProxiedReply] = []
        var sessions: [Session] = []
        var accepted = 0
    }

    /// The port for clients.
    let port: Int
    private let state: Mutex<State>

    private init(_ targets: [Int]) throws {
        port = try Descriptors.freePort()
        state = Mutex(State(targets: targets))
        try accept()
    }

    /// Runs a proxy as long as the body runs, however that ends.
    ///
    /// - Parameters:
    ///   - servers: The servers behind it: the first connection goes to the first one, and so on, round and round.
    ///   - body: Gets the proxy.
    /// - Returns: What the body returns.
    /// - Throws: What the body throws, or if there is no port.
    static func with<Value>(
        _ servers: TestZooKeeperServer...,
        body: (ZooKeeperProxy) async throws -> Value
    ) async throws -> Value {
        let proxy = try ZooKeeperProxy(servers.map(\.port))
        defer { proxy.end() }
        return try await body(proxy)
    }

    /// What clients are told: host and port.
    var address: String { "127.0.0.1:\(port)" }

    private func end() {
        refuse()
        flow()
        for rule in state.withLock({ $0.rules }) { rule.letGo() }
        cut()
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

    /// Each frame takes so much longer; they still come in order, one after the other.
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

    /// Sends new connections to other servers.
    func redirect(to servers: TestZooKeeperServer...) {
        state.withLock { $0.targets = servers.map(\.port) }
    }

    /// Says what happens to a certain request.
    ///
    /// - Parameters:
    ///   - operation: What it asks for; any request, if `nil`.
    ///   - nth: To which of the requests that match, from now on; the first one is 1.
    ///   - times: To how many, from that one on.
    ///   - action: What happens.
    ///   - matches: What else has to hold. It is called on other threads.
    /// - Returns: The rule, to wait for what happens, and to end what it holds back.
    @discardableResult
    func when(
        _ operation: ZooKeeperOperation?,
        nth: Int = 1,
        times: Int = 1,
        _ action: ZooKeeperProxyRule.Action,
        where matches: @escaping @Sendable (ProxiedRequest) -> Bool = { _ in true }
    ) -> ZooKeeperProxyRule {
        let rule = ZooKeeperProxyRule(action, nth..<nth + times) { request in
            (operation == nil || operation == request.operation) && matches(request)
        }
        state.withLock { $0.rules.append(rule) }
        return rule
    }

    // MARK: Looking

    /// All requests that have come, also those that a rule swallowed or held back, since ``forget()``.
    var requests: [ProxiedRequest] { state.withLock { $0.requests } }

    /// All that has come from servers, also what was held back or lost, since ``forget()``.
    var replies: [ProxiedReply] { state.withLock { $0.replies } }

    /// How many requests of each kind have come, since ``forget()``.
    var counts: [ZooKeeperOperation: Int] {
        requests.reduce(into: [:]) { $0[$1.operation, default: 0] += 1 }
    }

    /// The watch events that have come, since ``forget()``.
    var events: [ProxiedReply] { replies.filter { $0.operation == .notification } }

    /// Starts counting anew.
    func forget() {
        state.withLock { state in
            state.requests = []
            state.replies = []
        }
    }

    /// The sessions that servers have confirmed, in the order of the handshakes: one for each connection.
    var sessions: [Session] { state.withLock { $0.sessions } }

    /// How many connections there are.
    var connectionCount: Int { state.withLock { $0.connections.count } }

    /// How many connections there have ever been.
    var acceptedCount: Int { state.withLock { $0.accepted } }
}

// MARK: - For connections

extension ZooKeeperProxy {
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
        let place: (number: Int, target: Int)? = state.withLock { state in
            guard state.listener == listener, !state.targets.isEmpty else { return nil }
            state.accepted += 1
            return (state.accepted, state.targets[(state.accepted - 1) % state.targets.count])
        }
        guard let place, let server = try? Descriptors.connect(place.target) else {
            close(client)
            return
        }
        Descriptors.sendAtOnce(client)
        let connection = ZooKeeperProxyConnection(self, number: place.number, client: client, server: server)
        let isWanted = state.withLock { state in
            state.connections[place.number] = connection
            return state.listener == listener
        }
        if !isWanted { connection.cut() }
        connection.start()
    }

    func remove(_ number: Int) {
        _ = state.withLock { $0.connections.removeValue(forKey: number) }
    }

    func isStalled(_ direction: Direction) -> Bool {
        state.withLock { $0.stalled.contains(direction) }
    }

    func delay(_ direction: Direction) -> Duration {
        state.withLock { $0.delays[direction] ?? .zero }
    }

    /// Counts a request, and finds the first rule for it. All rules count it.
    func rule(for request: ProxiedRequest) -> ZooKeeperProxyRule? {
        let rules = state.withLock { state in
            state.requests.append(request)
            return state.rules
        }
        return rules.filter { $0.applies(to: request) }.first
    }

    func note(_ reply: ProxiedReply) {
        state.withLock { state in
            state.replies.append(reply)
            guard reply.operation == .handshake, let timeout = reply.frame.int(at: 4) else { return }
            let session = reply.frame.long(at: 8) ?? 0
            let password = Array(reply.frame.body.dropFirst(20).prefix(16))
            state.sessions.append(Session(number: session, password: password, timeout: timeout))
        }
    }
}
