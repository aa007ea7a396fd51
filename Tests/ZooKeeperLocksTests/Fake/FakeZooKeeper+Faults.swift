import DistributedLocks
import NIOCore

@testable import ZooKeeperLocks

/// What a scenario can do to an ensemble.
extension FakeZooKeeper {
    // MARK: Connections

    /// Ends a connection, as the network does.
    func cut(_ connection: Int) {
        close(connection)
    }

    /// Ends all connections of a server, which goes on.
    func cutAll(of server: Int) {
        for connection in connections.keys.sorted() where connections[connection]?.server == server {
            close(connection)
        }
    }

    /// From now on nothing goes in or out of a connection, which stays open.
    func stall(connection: Int) {
        connections[connection]?.isStalled = true
    }

    /// What was held up goes on: first what was to be sent, then what has arrived.
    func resume(connection: Int) {
        guard connections[connection]?.isStalled == true else { return }
        connections[connection]?.isStalled = false
        outputs += connections[connection]?.heldOutput ?? []
        connections[connection]?.heldOutput = []
        let input = connections[connection]?.heldInput ?? []
        connections[connection]?.heldInput = []
        process(ByteBuffer(), connection)
        for bytes in input { process(bytes, connection) }
    }

    // MARK: Servers

    /// Freezes a server: its connections stay, and it does nothing. If it leads, no session ends.
    func stall(server: Int) {
        servers[server].isStalled = true
        for connection in connections.keys where connections[connection]?.server == server {
            stall(connection: connection)
        }
    }

    /// Lets a server go on. Sessions whose time is over end before what they have sent is looked at.
    func resume(server: Int, at instant: Instant) {
        servers[server].isStalled = false
        advance(to: instant)
        pump(server)
        for connection in connections.keys.sorted() where connections[connection]?.server == server {
            resume(connection: connection)
        }
        submitWaiting()
    }

    /// Kills a server. Without a leader nobody serves, until there is a new one: ``elect(_:)``.
    func kill(_ server: Int) {
        servers[server].isRunning = false
        servers[server].dataWatches = FakeWatches()
        servers[server].childWatches = FakeWatches()
        servers[server].touches = [:]
        cutAll(of: server)
        if server == leader { dismiss() }
    }

    /// Starts a server that was killed. It has everything that was decided. If it is the only one, it leads again, and sessions
    /// have all of their time.
    func restart(_ server: Int) {
        servers[server] = FakeServer()
        servers[server].tree = head
        servers[server].applied = decided
        if options.servers == 1 {
            leader = 0
            sessions.renewAll(at: now)
        }
        servers[server].hasGivenUp = leader == nil
    }

    /// When a replica carries out what was decided.
    func setLag(_ server: Int, _ lag: FakeServer.Lag) {
        servers[server].lag = lag
        pump(server)
    }

    /// A replica that is held back carries out what was decided.
    ///
    /// - Parameters:
    ///   - server: Which one.
    ///   - count: How many transactions; all of them if `nil`.
    func catchUp(_ server: Int, by count: Int? = nil) {
        let end = min(decided, servers[server].applied + (count ?? decided))
        while servers[server].applied < end { applyNext(server) }
        pump(server)
    }

    /// Cuts a server off from the others. Its clients stay connected, are answered what they read, and believe that all is well,
    /// until it gives up. If it is the leader, it decides nothing any more.
    func isolate(_ server: Int) {
        if servers[server].cutSince == nil { servers[server].cutSince = now }
    }

    /// A server that was cut off reaches the others again. What was asked for in the meantime gets to the leader now.
    func heal(_ server: Int) {
        servers[server].cutSince = nil
        servers[server].hasGivenUp = leader == nil
        submitWaiting()
    }

    private func submitWaiting() {
        for connection in waiting.sorted() {
            guard let server = connections[connection]?.server, reachesLeader(server) else { continue }
            if let handshake = connections[connection]?.unsentHandshake {
                connections[connection]?.unsentHandshake = nil
                admit(handshake, connection)
                process(ByteBuffer(), connection)
            }
            for (index, pending) in (connections[connection]?.pending ?? []).enumerated() {
                guard case .leader = pending.wait else { continue }
                let wait = submit(pending.request, connection)
                connections[connection]?.pending[index].wait = wait
            }
        }
        pumpAll()
    }

    /// A server that has been without its leader for too long serves nobody.
    func giveUp(_ server: Int) {
        servers[server].hasGivenUp = true
        servers[server].touches = [:]
        cutAll(of: server)
        if server == leader { dismiss() }
    }

    private func dismiss() {
        leader = nil
        for server in servers.indices where servers[server].isServing { giveUp(server) }
    }

    /// Makes a server the leader: everybody is cut off, numbers begin with a new epoch, and sessions have all of their time again.
    /// What the old leader was asked for, and could not decide, is lost.
    func elect(_ server: Int) {
        for other in servers.indices where servers[other].isServing { giveUp(other) }
        leader = server
        head.zxid = (head.zxid >> 32 + 1) << 32
        for other in servers.indices
        where servers[other].isRunning && (servers[other].cutSince == nil || other == server) {
            servers[other].cutSince = nil
            servers[other].hasGivenUp = false
            servers[other].tree = head
            servers[other].applied = decided
        }
        sessions.renewAll(at: now)
    }

    // MARK: Data

    /// Ends a session now.
    func expire(_ session: Int64) {
        endSession(session)
    }

    /// Everything is lost, also the sessions, and numbers begin anew.
    func wipe() {
        for server in servers.indices { cutAll(of: server) }
        forget()
    }

    /// An operator changes something.
    ///
    /// - Parameter step: What; access rules do not count.
    /// - Throws: The reason why not.
    func operate(_ step: FakeStep) throws(ServerError) {
        var decision = FakeDecision(head)
        let author = FakeDecision.Author(session: 0, identities: [], isOperator: true)
        record(try decision.decide(step, author, nextZxid, serverTime), 0, connection: nil)
        pumpAll()
    }

    /// An operator deletes a node.
    func delete(_ path: String) throws(ServerError) {
        try operate(.delete(path: path, version: -1))
    }

    /// Somebody else makes a node that stays.
    func create(_ path: String, data: [UInt8] = []) throws(ServerError) {
        try operate(.create(path: path, data: data, access: [.open], flags: 0, isContainer: false))
    }

    /// Sets the number that the next sequential child of a node gets.
    func setCounter(_ path: String, _ counter: Int32) {
        head.setCounter(path, counter)
        for server in servers.indices { servers[server].tree.setCounter(path, counter) }
    }

    /// Deletes the containers that have had children, and have none.
    func reapContainers() {
        for (path, node) in head.nodes.sorted(by: { $0.key < $1.key })
        where node.isContainer && node.counter > 0 && node.children.isEmpty {
            record(.delete(path: path.text), 0, connection: nil)
        }
        pumpAll()
    }
}
