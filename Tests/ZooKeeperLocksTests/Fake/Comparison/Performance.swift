import NIOCore

@testable import ZooKeeperLocks

/// Plays a script to an ensemble, and writes down what the clients see. What differs from run to run is left out, or counted
/// from the beginning: times, sessions, transactions.
struct Performance {
    private struct Client {
        var link: Int
        var session: Int64
        var password: [UInt8]
        var xid: Int32 = 0
        var isOpen = true
    }

    /// No session ends by itself while scripts are played: it would be a transaction of the real server. In milliseconds.
    static let timeout: Int32 = 10_000_000

    private let ensemble: any Ensemble
    private let root: Chroot
    private var clients: [Client] = []
    /// The names of the sessions.
    private var sessions: [Int64: String] = [0: "-"]
    /// Transactions are counted from this one.
    private var start: Int64 = 0
    private var zxid: Int64 = 0
    /// What was seen.
    private(set) var lines: [String] = []

    /// Plays a script.
    ///
    /// - Parameters:
    ///   - script: What to do.
    ///   - ensemble: Where.
    ///   - root: Below which path. There must be no such node.
    /// - Throws: What connecting or reading throws.
    init(_ script: Script, on ensemble: any Ensemble, below root: String) throws {
        self.ensemble = ensemble
        self.root = Chroot(root)
        for _ in 0..<script.clients { clients.append(try introduce(nil)) }
        try request(0, .create(path: "/", mode: .persistent))
        for (index, step) in script.steps.enumerated() {
            lines.append("\(index): \(step)")
            let before = lines.count
            try play(step)
            for client in clients.indices { try synchronize(client) }
            if case .request(_, .closeSession) = step { lines[before...].sort() }
        }
        for client in clients { ensemble.close(client.link) }
    }

    private mutating func play(_ step: Script.Step) throws {
        switch step {
        case .request(let client, let operation): try request(client, operation)
        case .control(let client, let control): try self.control(client, control)
        case .reconnect(let index, let ago, let paths):
            ensemble.close(clients[index].link)
            clients[index] = try introduce(clients[index])
            guard clients[index].isOpen else { return }
            try control(index, .setWatches(since: zxid - ago, paths))
        case .restart(let index):
            clients[index] = try introduce(nil)
        }
    }

    private mutating func introduce(_ old: Client?) throws -> Client {
        let link = try ensemble.open()
        let request = ConnectRequest(
            lastZxid: 0,
            timeout: Self.timeout,
            sessionID: old?.session ?? 0,
            password: old?.password ?? [UInt8](repeating: 0, count: 16)
        )
        try ensemble.send(ByteBuffer(request.write), on: link)
        guard let frame = try ensemble.nextFrame(on: link) else {
            lines.append("no answer to a handshake")
            return Client(link: link, session: 0, password: [], isOpen: false)
        }
        let response = try ConnectResponse(frame)
        if sessions[response.sessionID] == nil { sessions[response.sessionID] = "s\(sessions.count)" }
        lines.append("\(sessions[response.sessionID] ?? ""), \(response.timeout) ms, \(response.isReadOnly)")
        return Client(
            link: link,
            session: response.sessionID,
            password: response.password,
            isOpen: !response.isExpired
        )
    }

    private mutating func request(_ client: Int, _ operation: Operation) throws {
        guard clients[client].isOpen else { return }
        clients[client].xid += 1
        let xid = clients[client].xid
        try ensemble.send(ByteBuffer { operation.write(xid: xid, below: root, into: &$0) }, on: clients[client].link)
        try read(client, until: xid, operation)
        guard case .closeSession = operation else { return }
        clients[client].isOpen = false
        lines.append("client \(client): \(try ensemble.nextFrame(on: clients[client].link) == nil ? "closed" : "open")")
        ensemble.close(clients[client].link)
        clients[client] = try introduce(nil)
    }

    private mutating func control(_ client: Int, _ control: ControlFrame) throws {
        guard clients[client].isOpen else { return }
        try ensemble.send(ByteBuffer { control.write(below: root, into: &$0) }, on: clients[client].link)
        switch control {
        case .ping: try read(client, until: Xid.ping, nil)
        case .auth: try read(client, until: Xid.auth, nil)
        case .setWatches: try read(client, until: Xid.setWatches, nil)
        }
    }

    /// What was sent to a client before now has arrived when this returns.
    private mutating func synchronize(_ client: Int) throws {
        if clients[client].isOpen {
            try control(client, .ping)
        } else {
            ensemble.close(clients[client].link)
            clients[client] = try introduce(nil)
        }
    }

    private mutating func read(_ client: Int, until xid: Int32, _ operation: Operation?) throws {
        while true {
            guard let frame = try ensemble.nextFrame(on: clients[client].link) else {
                clients[client].isOpen = false
                return lines.append("client \(client): closed")
            }
            var reader = JuteReader(frame)
            let header = try ReplyHeader(from: &reader)
            if header.xid == Xid.event {
                let event = try WatchEvent.read(from: &reader)
                lines.append(
                    "client \(client): \(event?.kind, default: "?") \(root.stripped(event?.path ?? "")) \(header.zxid)"
                )
                continue
            }
            if header.zxid > 0 {
                if start == 0 { start = header.zxid }
                zxid = header.zxid
            }
            var line = "client \(client): \(header.xid) at \(relative(header.zxid)), \(header.error.rawValue)"
            if header.error == .ok, let operation {
                line += " " + text(try Reply(to: operation, from: &reader, below: root))
            }
            if header.error == .authFailed {
                clients[client].isOpen = false
                line += try ensemble.nextFrame(on: clients[client].link) == nil ? ", closed" : ", open"
            }
            lines.append(line)
            if header.xid == xid { return }
            lines.append("expected \(xid)")
        }
    }

    private func relative(_ zxid: Int64) -> String { zxid > 0 ? "\(zxid - start)" : "(\(zxid))" }

    private func text(_ reply: Reply) -> String {
        switch reply {
        case .created(let path, let stat): "\(path) \(text(stat))"
        case .stat(let stat): text(stat)
        case .data(let data, let stat): "\(data) \(text(stat))"
        case .children(let names): "\(names.sorted())"
        case .results(let results):
            results.map { result in
                switch result {
                case .created(let path): path
                case .stat(let stat): text(stat)
                case .done: "done"
                case .failed(let error): "\(error.rawValue)"
                }
            }.joined(separator: ", ")
        case .done: "done"
        }
    }

    private func text(_ stat: Stat) -> String {
        let owner = sessions[stat.ephemeralOwner] ?? "\(stat.ephemeralOwner)"
        return """
            [\(relative(stat.czxid)) \(relative(stat.mzxid)) \(relative(stat.pzxid)) v\(stat.version) c\(stat.cversion) \
            a\(stat.aversion) \(owner) \(stat.dataLength) \(stat.numChildren) \(stat.mtime >= stat.ctime)]
            """
    }
}
