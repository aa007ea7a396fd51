import DistributedLocks
import NIOCore

@testable import ZooKeeperLocks

/// An ensemble of ZooKeeper servers (as of 3.8), without threads, I/O or time of its own: bytes go in, and bytes come out.
///
/// ```swift
/// let zooKeeper = FakeZooKeeper(FakeOptions(servers: 3))
/// let connection = zooKeeper.connect(to: 1)
/// zooKeeper.receive(bytes, on: connection, at: now)
/// for output in zooKeeper.takeOutputs() { … }
/// ```
///
/// The leader decides about writes at once. A replica carries them out when its ``FakeServer/Lag`` says so; then its watches
/// fire, and then the request is answered, if it came from there. Reads see what their replica has carried out.
///
/// Everything is decided by what goes in: the same input has the same output.
final class FakeZooKeeper {
    typealias Instant = LeaseClock.Instant

    let options: FakeOptions
    var servers: [FakeServer]
    var connections: [Int: FakeConnection] = [:]
    var sessions: FakeSessions
    /// The server that decides; `nil` while there is none.
    var leader: Int? = 0
    /// What follows from all that was decided.
    var head = FakeTree()
    /// The last transactions, of which some replica has not yet carried out all.
    var log: [FakeTransaction] = []
    /// How many transactions there were before those in ``log``.
    var logStart = 0
    var faults: [FakeFault] = []
    /// What goes wrong with the next handshakes, one after the other.
    var handshakeFaults: [FakeHandshakeFault] = []
    var outputs: [FakeOutput] = []
    /// The transactions of ephemeral nodes that were deleted by somebody else than their owner.
    private(set) var cutOff: Set<Int64> = []
    /// How many requests of each kind have come in.
    var requestCounts: [OpCode: Int] = [:]
    /// The connections on which something waits for its turn.
    var waiting: Set<Int> = []
    /// The present, in nanoseconds.
    private(set) var now: Int64 = 0
    private var lastConnection = 0
    private var lastSession: Int64 = 0

    /// Makes an ensemble that has been set up a moment ago.
    init(_ options: FakeOptions = FakeOptions()) {
        self.options = options
        servers = [FakeServer](repeating: FakeServer(), count: options.servers)
        sessions = FakeSessions(tick: options.tick.nanoseconds)
        forget()
    }

    /// Begins with nothing, as a new ensemble does; one of several servers has had its first election.
    func forget() {
        (log, logStart, leader) = ([], 0, 0)
        head = FakeTree(zxid: options.servers > 1 ? 1 << 32 : 0)
        sessions = FakeSessions(tick: sessions.tick)
        for server in servers.indices {
            servers[server] = FakeServer()
            servers[server].tree = head
        }
    }

    /// How many transactions were decided.
    var decided: Int { logStart + log.count }

    /// Everything that has come out since the last call, in its order.
    func takeOutputs() -> [FakeOutput] {
        defer { outputs.removeAll(keepingCapacity: true) }
        return outputs
    }

    // MARK: Connections

    /// Opens a connection.
    ///
    /// - Parameter server: Which of the servers, from 0.
    /// - Returns: Its number; `nil` if nobody listens there.
    func connect(to server: Int) -> Int? {
        guard servers[server].isRunning else { return nil }
        lastConnection += 1
        var connection = FakeConnection(server: server, limit: options.frameLimit)
        connection.isStalled = servers[server].isStalled
        connections[lastConnection] = connection
        return lastConnection
    }

    /// Something has arrived on a connection. What comes too late for it is ignored.
    func receive(_ bytes: ByteBuffer, on connection: Int, at instant: Instant) {
        advance(to: instant)
        guard connections[connection] != nil else { return }
        if connections[connection]?.isStalled == true {
            connections[connection]?.heldInput.append(bytes)
        } else {
            process(bytes, connection)
        }
    }

    /// The client has closed a connection.
    func clientClosed(_ connection: Int) {
        forget(connection)
    }

    /// Takes in bytes, and does what is asked for.
    func process(_ bytes: ByteBuffer, _ connection: Int) {
        connections[connection]?.decoder.append(bytes)
        do throws(JuteError) {
            while let frame = try connections[connection]?.decoder.next() {
                if connections[connection]?.isIntroduced == true {
                    try handle(frame, connection)
                } else {
                    connections[connection]?.isIntroduced = true
                    greet(try FakeHandshake(frame), connection)
                }
                // What follows is kept, as long as the server is held up.
                let state = connections[connection]
                if state?.isStalled == true || state?.unsentHandshake != nil { return }
            }
        } catch {
            close(connection)
        }
    }

    /// Sends a frame.
    func send(_ bytes: ByteBuffer, _ connection: Int) {
        guard let state = connections[connection], !state.isMute else { return }
        let output = FakeOutput(connection: connection, kind: .bytes(bytes))
        if state.isStalled {
            connections[connection]?.heldOutput.append(output)
        } else {
            outputs.append(output)
        }
    }

    /// Closes a connection.
    func close(_ connection: Int) {
        guard connections[connection] != nil else { return }
        forget(connection)
        outputs.append(FakeOutput(connection: connection, kind: .closed))
    }

    private func forget(_ connection: Int) {
        guard let server = connections.removeValue(forKey: connection)?.server else { return }
        waiting.remove(connection)
        servers[server].dataWatches.removeAll(of: connection)
        servers[server].childWatches.removeAll(of: connection)
    }

    /// A number for a new session, with the server in the first byte.
    func makeSession(on server: Int) -> Int64 {
        lastSession += 1
        return Int64(server + 1) << 56 | Int64(truncatingIfNeeded: 0x8f_0000_0000) + lastSession
    }

    /// Whether there is a leader who can decide.
    /// Keeps in mind whose nodes are deleted by others.
    func noteDeletions(_ change: FakeChange, by session: Int64) {
        switch change {
        case .delete(let path):
            guard let stat = head.node(path)?.stat, stat.ephemeralOwner != 0, stat.ephemeralOwner != session else {
                return
            }
            cutOff.insert(stat.czxid)
        case .multi(let parts): for (_, part) in parts { noteDeletions(part, by: session) }
        case .create, .setData, .check, .failed, .createSession, .closeSession: return
        }
    }

    private var isLed: Bool {
        guard let leader else { return false }
        return servers[leader].isRunning && !servers[leader].isStalled && servers[leader].cutSince == nil
    }

    /// Whether what a server asks for gets to the leader.
    func reachesLeader(_ server: Int) -> Bool { isLed && servers[server].cutSince == nil }

    // MARK: Time

    /// Lets time pass. Sessions end, and replicas catch up, in the order in which they should.
    func advance(to instant: Instant) {
        let target = instant.offset.nanoseconds
        while let due = nextDue, due <= target {
            now = max(now, due)
            passTick()
        }
        now = max(now, target)
    }

    /// When ``advance(to:)`` has something to do, if nothing comes in before; `nil` for never.
    var nextWake: Instant? { nextDue.map { Instant(offset: .nanoseconds($0)) } }

    private var nextDue: Int64? {
        var due: Int64 = .max
        if isLed { due = sessions.nextEnd }
        for index in servers.indices where servers[index].isServing && !servers[index].isStalled {
            due = min(due, nextDue(of: index))
        }
        return due == .max ? nil : due
    }

    private func nextDue(of index: Int) -> Int64 {
        var due: Int64 = .max
        if let cut = servers[index].cutSince { due = cut + Int64(options.syncLimit) * sessions.tick }
        if case .delay(let delay) = servers[index].lag, servers[index].applied < decided, reachesLeader(index) {
            due = min(due, log[servers[index].applied - logStart].decided + delay.nanoseconds)
        }
        if !servers[index].touches.isEmpty && reachesLeader(index) {
            due = min(due, (now / halfTick + 1) * halfTick)
        }
        return due
    }

    /// How often followers tell the leader of their sessions.
    private var halfTick: Int64 { max(1, sessions.tick / 2) }

    private func passTick() {
        // First, and without what followers could still tell: the worst case for whoever is late.
        if isLed { for id in sessions.ended(at: now) { endSession(id) } }
        for index in servers.indices where servers[index].isServing && !servers[index].isStalled {
            pump(index)
            if now % halfTick == 0 { shipTouches(index) }
            if let cut = servers[index].cutSince, now >= cut + Int64(options.syncLimit) * sessions.tick {
                giveUp(index)
            }
        }
    }

    private func shipTouches(_ index: Int) {
        guard reachesLeader(index) else { return }
        for (id, timeout) in servers[index].touches { _ = sessions.touch(id, timeout: timeout, at: now) }
        servers[index].touches.removeAll(keepingCapacity: true)
    }
}

extension Duration {
    /// Rounded down.
    var nanoseconds: Int64 { components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000 }
}
