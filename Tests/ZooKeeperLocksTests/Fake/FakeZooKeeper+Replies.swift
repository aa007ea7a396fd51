import NIOCore

@testable import ZooKeeperLocks

extension FakeZooKeeper {
    /// The last transaction that the server of a connection has carried out.
    func zxid(_ connection: Int) -> Int64 {
        connections[connection].map { servers[$0.server].tree.zxid } ?? 0
    }

    /// Answers what is first in the queue, as long as it has nothing to wait for.
    func drain(_ connection: Int) {
        finishHandshake(connection)
        while let state = connections[connection], state.handshake == nil, let first = state.pending.first {
            switch first.wait {
            case .write, .leader: return
            case .sync(let count) where count > servers[state.server].applied: return
            case .sync, .turn: break
            }
            connections[connection]?.pending.removeFirst()
            answer(first.request, first.xid, connection, state.server)
        }
        guard let state = connections[connection], state.handshake == nil, state.pending.isEmpty,
            state.unsentHandshake == nil
        else { return }
        waiting.remove(connection)
    }

    /// The replica has carried out the write that is first in the queue.
    func finish(_ connection: Int, _ result: FakeResult) {
        drain(connection)
        guard let state = connections[connection], let first = state.pending.first,
            case .write(servers[state.server].applied) = first.wait
        else { return }
        connections[connection]?.pending.removeFirst()
        answer(first.request, first.xid, result, connection)
        drain(connection)
    }

    private func answer(_ request: FakeRequest, _ xid: Int32, _ result: FakeResult, _ connection: Int) {
        if case .failed(let error) = result {
            // Nobody is told so: the connection ends.
            if error == .sessionMoved { return close(connection) }
            return reply(xid, zxid(connection), error, connection)
        }
        reply(xid, zxid(connection), .ok, connection) { bytes in
            switch request {
            case .change(_, let code): bytes.writeResult(result, hasStat: code != .create)
            case .multi: bytes.writeResult(result, hasStat: true)
            default: break
            }
        }
        if case .closeSession = request { close(connection) }
    }

    /// Answers a read.
    private func answer(_ request: FakeRequest, _ xid: Int32, _ connection: Int, _ server: Int) {
        let zxid = servers[server].tree.zxid
        switch request {
        case .ping: reply(Xid.ping, zxid, .ok, connection)
        case .sync(let path): reply(xid, zxid, .ok, connection) { $0.writeJute(path) }
        case .exists(let path, let watch):
            if watch { servers[server].dataWatches.add(path, connection, .once) }
            answer(path, nil, xid, connection, server) { $0.clientStat.write(into: &$1) }
        case .getData(let path, let watch):
            let found = answer(path, .read, xid, connection, server) { node, bytes in
                bytes.writeJute(node.data)
                node.clientStat.write(into: &bytes)
            }
            if found && watch { servers[server].dataWatches.add(path, connection, .once) }
        case .getChildren(let path, let watch):
            let found = answer(path, .read, xid, connection, server) { node, bytes in
                bytes.writeJute(node.scrambledChildren) { $1.writeJute($0) }
            }
            if found && watch { servers[server].childWatches.add(path, connection, .once) }
        case .addWatch(let path, let mode):
            guard mode == 0 || mode == 1 else { return reply(xid, zxid, .marshallingError, connection) }
            addWatch(path, connection, server, mode == 1 ? .recursive : .persistent)
            reply(xid, zxid, .ok, connection) { $0.writeJute(Int32(0)) }
        case .removeWatches(let path, let type):
            reply(xid, zxid, removeWatches(path, type, connection, server), connection)
        case .setWatches(let since, let paths):
            setWatches(since: since, paths, connection, server)
            reply(xid, zxid, .ok, connection)
        case .refused(let error): reply(xid, zxid, error, connection)
        case .change, .multi, .auth, .closeSession, .unknown: break
        }
    }

    /// Answers with something of a node.
    @discardableResult
    private func answer(
        _ path: String,
        _ permission: AccessRule.Permissions?,
        _ xid: Int32,
        _ connection: Int,
        _ server: Int,
        _ body: (FakeNode, inout ByteBuffer) -> Void
    ) -> Bool {
        let zxid = servers[server].tree.zxid
        guard let node = servers[server].tree.node(path) else {
            reply(xid, zxid, path.utf8.contains(0) ? .badArguments : .noNode, connection)
            return false
        }
        if let permission,
            !FakeIdentity.allows(node.access, permission, connections[connection]?.identities ?? [])
        {
            reply(xid, zxid, .noAuth, connection)
            return false
        }
        reply(xid, zxid, .ok, connection) { body(node, &$0) }
        return true
    }

    /// Sends an answer; nothing follows an error.
    func reply(
        _ xid: Int32,
        _ zxid: Int64,
        _ error: ServerError,
        _ connection: Int,
        _ body: (inout ByteBuffer) -> Void = { _ in }
    ) {
        var bytes = ByteBuffer()
        bytes.writeFrame { bytes in
            bytes.writeHeader(xid, zxid, error)
            if error == .ok { body(&bytes) }
        }
        send(bytes, connection)
    }
}

extension ByteBuffer {
    mutating func writeHeader(_ xid: Int32, _ zxid: Int64, _ error: ServerError) {
        writeJute(xid)
        writeJute(zxid)
        writeJute(error.rawValue)
    }

    fileprivate mutating func writeResult(_ result: FakeResult, hasStat: Bool) {
        switch result {
        case .created(let path, let stat):
            writeJute(path)
            if hasStat { stat.write(into: &self) }
        case .stat(let stat): stat.write(into: &self)
        case .done: break
        case .failed(let error): writeJute(error.rawValue)
        case .multi(let parts):
            for (code, part) in parts { writePart(code, part) }
            writeMultiHeader(-1, true, -1)
        }
    }

    private mutating func writePart(_ code: OpCode, _ result: FakeResult) {
        if case .failed(let error) = result {
            writeMultiHeader(-1, false, error.rawValue)
        } else {
            writeMultiHeader(code.rawValue, false, 0)
        }
        writeResult(result, hasStat: code != .create)
    }

    private mutating func writeMultiHeader(_ type: Int32, _ isDone: Bool, _ error: Int32) {
        writeJute(type)
        writeJute(isDone)
        writeJute(error)
    }
}
