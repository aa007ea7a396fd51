import NIOCore

@testable import ZooKeeperLocks

extension FakeZooKeeper {
    /// Answers a handshake, sooner or later.
    func greet(_ handshake: FakeHandshake, _ connection: Int) {
        guard let server = connections[connection]?.server else { return }
        let fault = handshakeFaults.isEmpty ? nil : handshakeFaults.removeFirst()
        guard servers[server].isServing, leader != nil, handshake.lastZxid <= servers[server].tree.zxid,
            fault != .cutBefore
        else { return close(connection) }
        if fault == .swallow { return }
        if handshake.session != 0 { closeConnections(of: handshake.session, on: server, except: connection) }
        guard reachesLeader(server) else {
            connections[connection]?.unsentHandshake = handshake
            waiting.insert(connection)
            return
        }
        admit(handshake, connection, fault)
    }

    /// The leader hears of a handshake.
    func admit(_ handshake: FakeHandshake, _ connection: Int, _ fault: FakeHandshakeFault? = nil) {
        guard let server = connections[connection]?.server else { return }
        let timeout = granted(handshake.timeout)
        connections[connection]?.timeout = timeout
        var session = handshake.session
        var after = 0
        if session == 0 {
            session = makeSession(on: server)
            sessions.begin(session, timeout: timeout, at: now, server: server)
            record(.createSession, session, connection: nil)
            after = decided
        } else if isKnown(handshake), sessions.touch(session, timeout: timeout, at: now) {
            sessions.move(session, to: server)
        } else {
            send(handshake.response(session: nil, timeout: 0), connection)
            return close(connection)
        }
        connections[connection]?.session = session
        if fault == .cutAfter { return close(connection) }
        var told = session
        if case .forge(let other) = fault { told = other }
        connections[connection]?.handshake = (handshake.response(session: told, timeout: timeout), after)
        waiting.insert(connection)
        pumpAll()
    }

    private func isKnown(_ handshake: FakeHandshake) -> Bool {
        sessions.contains(handshake.session) && handshake.password == FakeHandshake.password(handshake.session)
    }

    /// Sends the answer to a handshake, once the replica knows of the session.
    func finishHandshake(_ connection: Int) {
        guard let state = connections[connection], let handshake = state.handshake,
            handshake.after <= servers[state.server].applied
        else { return }
        connections[connection]?.handshake = nil
        send(handshake.response, connection)
    }

    /// The timeout that is granted, in nanoseconds.
    private func granted(_ milliseconds: Int32) -> Int64 {
        let shortest = options.shortestTimeout?.nanoseconds ?? 2 * sessions.tick
        let longest = options.longestTimeout?.nanoseconds ?? 20 * sessions.tick
        return min(max(Int64(milliseconds) * 1_000_000, shortest), longest)
    }

    /// Closes the connections that a session has on a server.
    func closeConnections(of session: Int64, on server: Int, except kept: Int? = nil) {
        for (connection, state) in connections.sorted(by: { $0.key < $1.key })
        where state.session == session && state.server == server && connection != kept {
            close(connection)
        }
    }

    /// A server has heard of a session.
    ///
    /// - Parameter connection: From where.
    /// - Returns: Whether the request counts: a server that knows that the session is over ignores it.
    func touch(_ connection: Int) -> Bool {
        guard let state = connections[connection] else { return false }
        if state.server == leader { return sessions.touch(state.session, timeout: state.timeout, at: now) }
        servers[state.server].touches[state.session] = state.timeout
        return true
    }

    /// The leader ends a session.
    func endSession(_ id: Int64) {
        guard sessions.contains(id) else { return }
        recordEnd(of: id, connection: nil)
        pumpAll()
    }

    /// Decides about the end of a session, and everything that goes with it.
    func recordEnd(of id: Int64, connection: Int?) {
        sessions.remove(id)
        record(.closeSession(nodes: head.ephemerals(of: id)), id, connection: connection)
    }
}
