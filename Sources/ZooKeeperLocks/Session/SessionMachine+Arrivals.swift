import DistributedLocks
import NIOCore
import NetworkSupport

extension SessionMachine {
    /// A connection is open.
    mutating func opened(_ number: Int, at now: Instant) -> [Effect] {
        guard number == connection, case .connecting = phase else { return [.disconnect(connection: number)] }
        phase = .introducing(until: now.advanced(by: options.attemptTimeout))
        handshake = now
        firstHandshake = firstHandshake ?? now
        let isGivenUp = session?.isGivenUp ?? false
        let request = ConnectRequest(
            lastZxid: isGivenUp ? 0 : lastZxid,
            timeout: Int32(min(options.timeout / .milliseconds(1), Double(Int32.max))),
            sessionID: session?.id ?? 0,
            password: session?.password ?? [UInt8](repeating: 0, count: ConnectRequest.passwordLength)
        )
        return [.write(Self.bytes { request.write(into: &$0) })]
    }

    /// A connection has ended, or could not be opened.
    mutating func ended(_ number: Int, _ reason: String, at now: Instant) -> [Effect] {
        guard number == connection else { return [] }
        switch phase {
        case .idle, .pausing, .closed: return []
        case .connecting: return attemptFailed(.unreachable(reason), at: now)
        case .introducing:
            let hint = "before it had answered: it may not serve (yet), or want TLS, or have lost what we have seen"
            return attemptFailed(.unreachable("\(reason), \(hint)"), at: now)
        case .attached: return detach(reason, at: now)
        // The session may be over or not: a server has to say so.
        case .burying, .ending: return attemptFailed(.unreachable(reason), at: now)
        }
    }

    /// A frame has arrived.
    mutating func received(_ frame: ByteBuffer, on number: Int, at now: Instant) -> [Effect] {
        guard number == connection else { return [] }
        do {
            switch phase {
            case .introducing: return try introduced(ConnectResponse(frame), at: now)
            case .attached: return try arrived(frame, at: now)
            case .burying(let xid, _):
                var reader = JuteReader(frame)
                guard try ReplyHeader(from: &reader).xid == xid else { return [] }
                return disconnected() + buried(at: now)
            case .ending(let xid, _):
                var reader = JuteReader(frame)
                guard try ReplyHeader(from: &reader).xid == xid else { return [] }
                return disconnected() + shut()
            case .idle, .pausing, .connecting, .closed: return []
            }
        } catch {
            return protocolError("\(error)", on: number, at: now)
        }
    }

    /// The stream of bytes cannot be understood.
    mutating func protocolError(_ reason: String, on number: Int, at now: Instant) -> [Effect] {
        guard number == connection else { return [] }
        let text = "the server sent something that is not the protocol of ZooKeeper: \(reason)"
        switch phase {
        case .idle, .pausing, .closed: return []
        case .attached: return disconnected() + detach(text, at: now)
        case .connecting, .introducing, .burying, .ending:
            return disconnected() + attemptFailed(.unreachable(text), at: now)
        }
    }
}

extension SessionMachine {
    /// The handshake has been answered.
    private mutating func introduced(_ response: ConnectResponse, at now: Instant) throws(JuteError) -> [Effect] {
        guard !response.isReadOnly else {
            // The leader has not been asked.
            return disconnected() + attemptFailed(.unreachable("the server has no majority and only reads"), at: now)
        }
        let first = firstHandshake.take() ?? now
        if response.isExpired { return disconnected() + over(at: now) }
        var effects: [Effect] = []
        let isNew = session?.id != response.sessionID
        // Those who have asked for a new session before, and were not answered, have asked for another one.
        let sent = session == nil ? handshake : first
        // Look-alikes have been seen to give a session another number without saying that the old one is over.
        if let session, isNew, !session.isGivenUp { effects += forgetSession(session.id) }
        if let session, !isNew, session.isGivenUp {
            return end(at: now)
        }
        let timeout = Duration.milliseconds(Int64(response.timeout))
        // A new leader begins with what was granted at first.
        let shortest = isNew ? timeout : min(timeout, session?.times.timeout ?? timeout)
        session = Session(id: response.sessionID, password: response.password, times: SessionTimes(timeout: shortest))
        let earlier = isNew ? nil : proof
        proof = SessionProof(timeout: shortest, handshakeSent: sent, answered: now, after: earlier)
        lastContact = handshake
        if closingDeadline != nil {
            return effects + end(at: now)
        }
        return effects + attach(isNew: isNew, at: now)
    }

    /// Says who we are, sets the watches again, and lets requests through.
    private mutating func attach(isNew: Bool, at now: Instant) -> [Effect] {
        guard let session else { return [] }
        failures = 0
        // Credentials may be turned down yet.
        if options.credentials.isEmpty { backoff.reset() }
        var attachment = Attachment<Request, Watcher>(at: now)
        attachment.credentialsSent = options.credentials.isEmpty ? nil : now
        phase = .attached(attachment)
        var bytes = ByteBuffer()
        for credential in options.credentials {
            let frame = ControlFrame.auth(scheme: credential.scheme, secret: credential.secret)
            frame.write(below: options.chroot, into: &bytes)
        }
        setWatchesAgain(&bytes)
        let info = SessionInfo(id: session.id, timeout: session.times.timeout, isNew: isNew, server: server)
        unprovedCredentials = options.credentials.count
        unprovedInfo = options.credentials.isEmpty ? nil : info
        return (bytes.readableBytes > 0 ? [.write(bytes)] : []) + (unprovedInfo == nil ? [.attached(info)] : [])
    }

    private mutating func setWatchesAgain(_ bytes: inout ByteBuffer) {
        let portions = watches.paths(portion: Self.watchPortion)
        // If it does not come to the last portion this time, the next connection has to be told as much as this one.
        let since = watchesSince ?? lastZxid
        watchesSince = portions.isEmpty ? nil : since
        unsetPortions = portions.count
        for paths in portions {
            ControlFrame.setWatches(since: since, paths).write(below: options.chroot, into: &bytes)
        }
    }

    /// A server has said that the session is over.
    private mutating func over(at now: Instant) -> [Effect] {
        guard let old = session else {
            return attemptFailed(.unreachable("the server grants no session"), at: now)
        }
        let effects = old.isGivenUp ? [] : forgetSession(old.id)
        session = nil
        return effects + (closingDeadline == nil ? connect(at: now) : shut())
    }

    /// The session that had been given up is over now.
    private mutating func buried(at now: Instant) -> [Effect] {
        session = nil
        return closingDeadline == nil ? connect(at: now) : shut()
    }
}

extension SessionMachine {
    private mutating func arrived(_ frame: ByteBuffer, at now: Instant) throws(JuteError) -> [Effect] {
        var reader = JuteReader(frame)
        let header = try ReplyHeader(from: &reader)
        if header.zxid > 0 { lastZxid = max(lastZxid, header.zxid) }
        switch header.xid {
        case Xid.event:
            guard var event = try WatchEvent.read(from: &reader) else { return [] }
            event.path = options.chroot.stripped(event.path)
            return watches.fired(event).map { .notify($0, event) }
        case Xid.ping: return pinged(at: now)
        case Xid.auth:
            guard header.error != .ok else { return proved() }
            let denied = ConnectFailure.denied("it does not accept the credentials: \(header.error)")
            return disconnected() + detach("the credentials were not accepted", denied: denied, at: now)
        case Xid.setWatches:
            guard header.error != .ok else {
                unsetPortions -= 1
                if unsetPortions == 0 { watchesSince = nil }
                return []
            }
            return disconnected() + detach("watches could not be set again: \(header.error)", at: now)
        default: return try answered(header, &reader, at: now)
        }
    }

    /// A server has accepted credentials. Who is not accepted is told so, and not that what it has asked for meanwhile got lost.
    private mutating func proved() -> [Effect] {
        unprovedCredentials -= 1
        guard unprovedCredentials <= 0, let info = unprovedInfo.take(), case .attached(var attachment) = phase else {
            return []
        }
        attachment.credentialsSent = nil
        phase = .attached(attachment)
        backoff.reset()
        return [.attached(info)]
    }

    private mutating func pinged(at now: Instant) -> [Effect] {
        guard case .attached(var attachment) = phase, let sent = attachment.pingSent else { return [] }
        attachment.pingSent = nil
        phase = .attached(attachment)
        touched(sent, at: now)
        return []
    }

    private mutating func answered(
        _ header: ReplyHeader,
        _ reader: inout JuteReader,
        at now: Instant
    ) throws(JuteError) -> [Effect] {
        guard case .attached(var attachment) = phase else { return [] }
        phase = .closed  // So that the queue is not copied; what is in it comes back below.
        defer { if case .closed = phase { phase = .attached(attachment) } }
        guard let pending = attachment.pending.first, pending.xid == header.xid else {
            phase = .attached(attachment)
            return protocolError("an answer to a request that is not in turn", on: connection, at: now)
        }
        if header.error.endsConnection {
            attachment.pending.removeFirst()
            phase = .attached(attachment)
            return [turnedAway(pending, header.error)] + disconnected() + detach("\(header.error)", at: now)
        }
        let submission = pending.submission
        let result = try Self.result(of: submission.operation, header, &reader, pending.chroot)
        attachment.pending.removeFirst()
        phase = .attached(attachment)
        touched(pending.sent, at: now)
        if submission.operation.isWrite, header.error.comesFromLeader { proof?.confirmed(sent: pending.sent, at: now) }
        if let watcher = submission.watcher { watch(submission.operation, result, watcher) }
        let answer = Answer(result: result, sessionID: session?.id ?? 0, sent: pending.sent)
        return [.answered(submission.request, answer)]
    }

    /// What to say of a request that has ended the connection: it comes again, unless the server does not want us.
    private func turnedAway(_ pending: Attachment<Request, Watcher>.Pending, _ error: ServerError) -> Effect {
        let request = pending.submission.request
        guard error.isDenial else { return .failed(request, .notSent("\(error)")) }
        return .answered(request, Answer(result: .failure(error), sessionID: session?.id ?? 0, sent: pending.sent))
    }

    private static func result(
        of operation: Operation,
        _ header: ReplyHeader,
        _ reader: inout JuteReader,
        _ chroot: Chroot
    ) throws(JuteError) -> Result<Reply, ServerError> {
        guard header.error == .ok else { return .failure(header.error) }
        return .success(try Reply(to: operation, from: &reader, below: chroot))
    }

    private mutating func touched(_ sent: Instant, at now: Instant) {
        lastContact = max(lastContact, sent)
        proof?.answered(sent: sent, at: now)
    }

    /// The server has set a watch, if there was something to watch.
    private mutating func watch(_ operation: Operation, _ result: Result<Reply, ServerError>, _ watcher: Watcher) {
        switch (operation, result) {
        case (.getData(let path, true), .success), (.exists(let path, true), .success):
            watches.add(watcher, .data, at: path)
        case (.exists(let path, true), .failure(.noNode)): watches.add(watcher, .existence, at: path)
        case (.getChildren(let path, true), .success): watches.add(watcher, .children, at: path)
        case (.addWatch(let path, let isRecursive), .success):
            watches.add(watcher, isRecursive ? .persistentRecursive : .persistent, at: path)
        default: break
        }
    }
}
