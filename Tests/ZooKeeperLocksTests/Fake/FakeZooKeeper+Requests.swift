import NIOCore

@testable import ZooKeeperLocks

extension FakeZooKeeper {
    /// Reads a request, and does it, or has it wait for its turn.
    func handle(_ frame: ByteBuffer, _ connection: Int) throws(JuteError) {
        var reader = JuteReader(frame)
        let xid = try reader.readInt()
        let type = try reader.readInt()
        let code = OpCode(rawValue: type)
        if let code { requestCounts[code, default: 0] += 1 }
        let request: FakeRequest
        do throws(JuteError) {
            request = try FakeRequest(type, &reader)
        } catch {
            return reply(xid, zxid(connection), .marshallingError, connection)
        }
        switch fault(connection, code, request) {
        case nil: accept(request, xid, connection)
        case .cutBefore: close(connection)
        case .cutAfter:
            connections[connection]?.isMute = true
            accept(request, xid, connection)
            close(connection)
        case .swallow: break
        case .mute:
            connections[connection]?.isMute = true
            accept(request, xid, connection)
        case .fail(let error): accept(.refused(error), xid, connection)
        }
    }

    private func fault(_ connection: Int, _ code: OpCode?, _ request: FakeRequest) -> FakeFault.Action? {
        guard let index = faults.firstIndex(where: { $0.matches(connection, code, request) }) else { return nil }
        guard faults[index].skip == 0 else {
            faults[index].skip -= 1
            return nil
        }
        return faults.remove(at: index).action
    }

    private func accept(_ request: FakeRequest, _ xid: Int32, _ connection: Int) {
        switch request {
        case .auth(let scheme, let secret): return authenticate(scheme, secret, xid, connection)
        case .unknown:
            reply(xid, -1, .unimplemented, connection)
            return close(connection)
        default: break
        }
        guard touch(connection), let server = connections[connection]?.server else { return }
        let needsLeader: Bool
        if case .sync = request { needsLeader = true } else { needsLeader = request.isWrite }
        // A follower does not ask whether the session is still its own, before it answers a read.
        if server == leader, !request.isWrite, !isOwner(connection) { return close(connection) }
        var wait = FakeConnection.Wait.turn
        if needsLeader { wait = reachesLeader(server) ? submit(request, connection) : .leader }
        connections[connection]?.pending.append(.init(xid: xid, request: request, wait: wait))
        waiting.insert(connection)
        if needsLeader { pumpAll() } else { drain(connection) }
    }

    /// A session that has moved to another server is none of this connection's any more.
    private func isOwner(_ connection: Int) -> Bool {
        guard let state = connections[connection], let session = sessions.sessions[state.session] else { return true }
        guard let owner = session.server else {
            sessions.move(state.session, to: state.server)
            return true
        }
        return owner == state.server
    }

    private func authenticate(_ scheme: String, _ secret: [UInt8], _ xid: Int32, _ connection: Int) {
        guard scheme == "digest", let identity = FakeIdentity.digest(secret) else {
            if scheme == "ip" { return reply(xid, 0, .ok, connection) }
            reply(xid, 0, .authFailed, connection)
            return close(connection)
        }
        if connections[connection]?.identities.contains(identity) == false {
            connections[connection]?.identities.append(identity)
        }
        reply(xid, 0, .ok, connection)
    }

    // MARK: The leader

    /// A request gets to the leader, who decides about it.
    ///
    /// - Parameters:
    ///   - request: A write, or a sync.
    ///   - connection: From where.
    /// - Returns: What its answer has to wait for.
    func submit(_ request: FakeRequest, _ connection: Int) -> FakeConnection.Wait {
        guard let state = connections[connection] else { return .turn }
        switch request {
        case .closeSession:
            recordEnd(of: state.session, connection: connection)
        case .change(let step, _):
            record(decide(step, state, connection), state.session, connection: connection)
        case .multi(let steps):
            record(decide(steps, state, connection), state.session, connection: connection)
        default:
            return .sync(decided)
        }
        return .write(decided)
    }

    private func check(_ state: FakeConnection, _ connection: Int) throws(ServerError) {
        guard sessions.contains(state.session) else { throw .sessionExpired }
        guard isOwner(connection) else { throw .sessionMoved }
    }

    private func decide(_ step: FakeStep, _ state: FakeConnection, _ connection: Int) -> FakeChange {
        var decision = FakeDecision(head)
        do throws(ServerError) {
            try check(state, connection)
            let author = FakeDecision.Author(session: state.session, identities: state.identities)
            return try decision.decide(step, author, nextZxid, serverTime)
        } catch {
            return .failed(error)
        }
    }

    private func decide(_ steps: [FakeStep], _ state: FakeConnection, _ connection: Int) -> FakeChange {
        var decision = FakeDecision(head)
        let author = FakeDecision.Author(session: state.session, identities: state.identities)
        var parts: [(OpCode, FakeChange)] = []
        for (index, step) in steps.enumerated() {
            do throws(ServerError) {
                if index == 0 { try check(state, connection) }
                parts.append((step.code, try decision.decide(step, author, nextZxid, serverTime)))
            } catch {
                if error == .sessionMoved { return .failed(error) }
                return .multi(
                    steps.indices.map { other in
                        let code: ServerError = other < index ? .ok : other == index ? error : .runtimeInconsistency
                        return (steps[other].code, .failed(code))
                    }
                )
            }
        }
        return .multi(parts)
    }

    /// The number of the next transaction.
    var nextZxid: Int64 { head.zxid + 1 }

    /// The leader's clock in milliseconds.
    var serverTime: Int64 { 1_700_000_000_000 + now / 1_000_000 }

    /// What was decided gets its place among all that was decided.
    func record(_ change: FakeChange, _ session: Int64, connection: Int?) {
        let transaction = FakeTransaction(
            zxid: nextZxid,
            time: serverTime,
            session: session,
            change: change,
            connection: connection,
            decided: now
        )
        log.append(transaction)
        noteDeletions(change, by: session)
        var news: [FakeNews] = []
        _ = head.apply(transaction, &news)
    }
}
