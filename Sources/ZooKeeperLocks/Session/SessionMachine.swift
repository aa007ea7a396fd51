import DistributedLocks
import NIOCore
import NetworkSupport

/// The life of a client's session with an ensemble, as a value without I/O: an event goes in, what has to be done comes out.
///
/// ```
///          start            opened              answer to the handshake
///   idle ─────────▶ connecting ─────▶ introducing ─────▶ attached ───────── close ─────────▶ ending ─▶ closed
///                    ▲    ▲  │             │              │   │                               ▲
///                    │    │  ▼             ▼              │   │ connection lost               │
///                    │   pausing ◀─────────┴──────────────┼───┘                               │
///                    │                                    ▼                                   │
///                    └──────── new session ◀──────────── burying ◀── answer of a session that was given up
/// ```
///
/// - *idle*: nobody has asked for anything yet.
/// - *pausing*: no connection; the next attempt comes in a moment. After a failure the next server is tried at once, and there is
///   a pause, with full jitter, after all of them.
/// - *connecting*: a connection is being opened.
/// - *introducing*: it is open, and the handshake has been sent: a new session is asked for, or ours is to go on.
/// - *attached*: requests are sent and answered in order, and others are told so once all credentials are accepted. Pings go out
///   when nothing else does. If the server owes an answer for a third of the session timeout, be it to a ping or because it
///   cannot write, another one is tried.
/// - *burying*: the session that we had given up turns out to live; it is ended now, with everything that went with it.
/// - *ending*: our user is done, and the session is being ended.
/// - *closed*: nothing happens any more.
///
/// A session that has had no sign of life from any server for four thirds of its timeout is given up: whoever relies on it is
/// told that it has expired, whether or not servers can be reached. Its number is kept until a server has confirmed that it is
/// over, since one that lives on would keep its nodes. The last transaction that was seen is forgotten with it, since an
/// ensemble that has lost its data refuses clients that have seen more than there is.
struct SessionMachine<Request: Sendable, Watcher: Hashable & Sendable>: Sendable {
    typealias Effect = SessionEffect<Request, Watcher>
    typealias Instant = LeaseClock.Instant

    /// A request to be sent.
    struct Submission: Sendable {
        var operation: Operation
        /// Who is told if the watch that it sets fires.
        var watcher: Watcher?
        /// What its answer comes with.
        var request: Request
        /// Whether paths are taken as they are, and not as below the chroot.
        var isAbsolute = false
    }

    /// Where it is; see the description of the type.
    enum Phase: Sendable {
        case idle
        case pausing(until: Instant)
        case connecting(until: Instant)
        case introducing(until: Instant)
        case attached(Attachment<Request, Watcher>)
        case burying(xid: Int32, until: Instant)
        case ending(xid: Int32, until: Instant)
        case closed
    }

    /// What the servers know us by.
    struct Session: Sendable {
        let id: Int64
        let password: [UInt8]
        let times: SessionTimes
        /// Whether its user has been told that it is over.
        var isGivenUp = false
    }

    let options: SessionOptions
    var phase = Phase.idle
    var session: Session?
    var proof: SessionProof?
    var watches = WatchRegistry<Watcher>()
    /// The last transaction that has been seen in this session.
    var lastZxid: Int64 = 0
    /// The last transaction that all watches know of, while they are being set again. Later ones have been seen meanwhile.
    var watchesSince: Int64?
    /// How many portions of watches were sent on this connection and not answered.
    var unsetPortions = 0
    /// How many credentials were sent on this connection and not answered.
    var unprovedCredentials = 0
    /// What to say once all of them are accepted.
    var unprovedInfo: SessionInfo?
    /// When a request was sent that was answered, at the latest.
    var lastContact: Instant
    /// The number of the last request. It goes on from connection to connection: servers tell a session's transactions from each
    /// other by it, and have been seen to take the answer to an old one for that to a new one of the same number.
    var xid = Xid()
    /// When the last handshake was sent.
    var handshake: Instant
    /// When the first handshake was sent since one was answered.
    var firstHandshake: Instant?
    /// The number of the present connection.
    var connection = 0
    /// The server in turn.
    var server = 0
    /// Attempts that failed since the last success.
    var failures = 0
    var backoff: Backoff
    /// Until when the session has to be ended, once its user is done.
    var closingDeadline: Instant?

    /// How many bytes of paths are sent at a time when watches are set again.
    static var watchPortion: Int { 128 * 1_024 }

    /// How long most requests are at the most, in bytes.
    private static var usualLength: Int { 256 }

    /// Makes a machine that waits for ``start(at:)``.
    ///
    /// - Parameters:
    ///   - options: What to know of the world.
    ///   - random: What jitter is drawn from.
    ///   - now: The present.
    init(options: SessionOptions, random: RandomSource, now: Instant) {
        self.options = options
        backoff = Backoff(random: random)
        lastContact = now
        handshake = now
    }

    /// What follows from the session timeout that was granted, or else from the one that is asked for.
    var times: SessionTimes { session?.times ?? SessionTimes(timeout: options.timeout) }

    /// When ``clockReached(_:)`` wants to be called; `nil` if never.
    var nextWake: Instant? {
        var wake: Instant
        switch phase {
        case .idle, .closed: return nil
        case .pausing(let until), .connecting(let until), .introducing(let until), .burying(_, let until),
            .ending(_, let until):
            wake = until
            if let session, !session.isGivenUp { wake = min(wake, lastContact.advanced(by: session.times.givingUp)) }
        case .attached(let attachment):
            let (times, owed) = (times, attachment.owedSince)
            wake = owed.map { $0.advanced(by: times.patience) } ?? attachment.lastSent.advanced(by: times.pingInterval)
            if attachment.pingSent == nil { wake = min(wake, attachment.lastSent.advanced(by: times.pingInterval)) }
        }
        return closingDeadline.map { min($0, wake) } ?? wake
    }

    /// Somebody wants to use the session.
    mutating func start(at now: Instant) -> [Effect] {
        guard case .idle = phase else { return [] }
        return connect(at: now)
    }

    /// Sends requests, one right after the other. If that is not possible now, they fail.
    mutating func submit(_ requests: [Submission], at now: Instant) -> [Effect] {
        guard case .attached(var attachment) = phase, closingDeadline == nil else {
            let failure = closingDeadline == nil ? RequestFailure.notSent("there is no connection") : .closed
            return requests.map { .failed($0.request, failure) }
        }
        phase = .closed  // So that the queue is not copied; what is in it comes back below.
        var effects: [Effect] = []
        var bytes = ByteBuffer()
        bytes.reserveCapacity(Self.usualLength * requests.count)
        for submission in requests {
            guard attachment.pending.count < options.maximumRequests else {
                effects.append(.failed(submission.request, .refused("too many requests wait for an answer")))
                continue
            }
            let start = bytes.writerIndex
            let xid = self.xid.next()
            let chroot = submission.isAbsolute ? Chroot() : options.chroot
            submission.operation.write(xid: xid, below: chroot, into: &bytes)
            guard bytes.writerIndex - start - 4 <= options.maximumRequestLength else {
                bytes.moveWriterIndex(to: start)
                effects.append(.failed(submission.request, .refused("the request is too large for a server")))
                continue
            }
            attachment.pending.append(
                .init(xid: xid, submission: submission, chroot: chroot, sent: now)
            )
        }
        if bytes.readableBytes > 0 {
            attachment.lastSent = now
            effects.append(.write(bytes))
        }
        phase = .attached(attachment)
        return effects
    }

    /// Nobody is interested any more in what a watch tells.
    mutating func forget(_ watcher: Watcher, at path: String) {
        watches.remove(watcher, at: path)
    }

    /// The user is done: the session is ended, and the nodes that go with it are deleted.
    mutating func close(at now: Instant) -> [Effect] {
        guard closingDeadline == nil else { return [] }
        closingDeadline = now.advanced(by: options.closingTimeout)
        switch phase {
        case .closed, .ending: return []
        case .attached(let attachment):
            let failed = attachment.pending.map { Effect.failed($0.submission.request, .closed) }
            return failed + end(at: now)
        case .idle: return shut()
        case .pausing, .connecting, .introducing, .burying:
            return session == nil ? disconnected() + shut() : []
        }
    }
}

extension SessionMachine {
    /// Time has passed.
    mutating func clockReached(_ now: Instant) -> [Effect] {
        if let closingDeadline, closingDeadline <= now {
            if case .closed = phase { return [] }
            return failPending(.closed) + disconnected() + shut()
        }
        var effects = giveUpIfSilent(at: now)
        switch phase {
        case .idle, .closed: break
        case .pausing(let until) where until <= now: effects += connect(at: now)
        case .connecting(let until) where until <= now, .introducing(let until) where until <= now:
            effects += disconnected() + attemptFailed(.unreachable("no answer in time"), at: now)
        case .burying(_, let until) where until <= now, .ending(_, let until) where until <= now:
            effects += disconnected() + attemptFailed(.unreachable("no answer in time"), at: now)
        case .attached(let attachment): effects += keepAlive(attachment, at: now)
        case .pausing, .connecting, .introducing, .burying, .ending: break
        }
        return effects
    }

    /// Sends a ping if nothing else was sent for a while, and leaves a server that owes an answer for too long.
    private mutating func keepAlive(_ attachment: Attachment<Request, Watcher>, at now: Instant) -> [Effect] {
        if let owed = attachment.owedSince, owed.advanced(by: times.patience) <= now {
            let reason = "the server has not answered for \(times.patience.writtenText)"
            return disconnected() + detach(reason, at: now)
        }
        guard attachment.pingSent == nil, attachment.lastSent.advanced(by: times.pingInterval) <= now else { return [] }
        var attachment = attachment
        attachment.pingSent = now
        attachment.lastSent = now
        phase = .attached(attachment)
        return [.write(Self.bytes { ControlFrame.ping.write(below: options.chroot, into: &$0) })]
    }

    /// A session that no server has answered for too long is over as far as its user is concerned.
    private mutating func giveUpIfSilent(at now: Instant) -> [Effect] {
        guard let session, !session.isGivenUp, lastContact.advanced(by: session.times.givingUp) <= now else {
            return []
        }
        // An answer that is overdue for so long changes nothing any more.
        guard case .attached = phase else { return giveUp() }
        return disconnected() + detach("the server has not answered for too long", at: now) + giveUp()
    }

    private mutating func giveUp() -> [Effect] {
        guard let id = session?.id else { return [] }
        session?.isGivenUp = true
        return forgetSession(id)
    }

    /// Tells everybody that depends on a session that it is over.
    mutating func forgetSession(_ id: Int64) -> [Effect] {
        proof = nil
        lastZxid = 0
        watchesSince = nil
        return [.expired(sessionID: id)] + watches.removeAll().map { .notify($0, nil) }
    }

    /// Ends the present session on an open connection.
    mutating func end(at now: Instant) -> [Effect] {
        let number = xid.next()
        let until = now.advanced(by: min(times.patience, options.closingTimeout))
        phase = closingDeadline == nil ? .burying(xid: number, until: until) : .ending(xid: number, until: until)
        let chroot = options.chroot
        return [.write(Self.bytes { Operation.closeSession.write(xid: number, below: chroot, into: &$0) })]
    }

    /// The connection that is open, or being opened, is closed.
    mutating func disconnected() -> [Effect] {
        switch phase {
        case .idle, .pausing, .closed: []
        case .connecting, .introducing, .attached, .burying, .ending: [.disconnect(connection: connection)]
        }
    }

    /// The end of everything.
    mutating func shut() -> [Effect] {
        guard let closingDeadline else { return [] }
        _ = closingDeadline
        phase = .closed
        proof = nil
        return watches.removeAll().map { .notify($0, nil) } + [.closed]
    }

    /// Fails what waits for an answer.
    private func failPending(_ failure: RequestFailure) -> [Effect] {
        guard case .attached(let attachment) = phase else { return [] }
        return attachment.pending.map { .failed($0.submission.request, failure) }
    }

    mutating func connect(at now: Instant) -> [Effect] {
        connection += 1
        phase = .connecting(until: now.advanced(by: options.attemptTimeout))
        return [.connect(to: server, connection: connection)]
    }

    /// There is no connection any more, after there was one.
    mutating func detach(_ reason: String, denied: ConnectFailure? = nil, at now: Instant) -> [Effect] {
        let failed = failPending(.unanswered(reason))
        nextServer()
        phase = .pausing(until: now.advanced(by: pause()))
        // Nobody has been told of a connection on which the credentials were never accepted.
        guard unprovedInfo.take() != nil else { return failed + [.detached(reason)] }
        return failed + [.attemptFailed(denied ?? .unreachable(reason), everywhere: denied != nil)]
    }

    /// There has not been one.
    mutating func attemptFailed(_ failure: ConnectFailure, at now: Instant) -> [Effect] {
        failures += 1
        nextServer()
        let everywhere = failures >= options.servers
        let isEndOfTurn = failures % options.servers == 0
        phase = .pausing(until: isEndOfTurn ? now.advanced(by: pause()) : now)
        let effects: [Effect] = [.attemptFailed(failure, everywhere: everywhere)]
        return isEndOfTurn ? effects : effects + connect(at: now)
    }

    private mutating func nextServer() {
        server = (server + 1) % options.servers
    }

    /// How long to wait before the next attempt: a holder has to have several within its session.
    private mutating func pause() -> Duration { min(backoff.next(), times.proofInterval) }

    static func bytes(_ write: (inout ByteBuffer) -> Void) -> ByteBuffer {
        var bytes = ByteBuffer()
        write(&bytes)
        return bytes
    }
}
