import DistributedLocks
import DistributedLocksTesting
import NIOCore

@testable import ZooKeeperLocks

/// A session among servers and networks that do anything at any time, and what must be true of it all the same.
struct SessionDriver {
    private typealias Machine = SessionScript.Machine

    private var machine: Machine
    private var random: SeededGenerator
    private var now = LeaseClock.Instant(offset: .zero)
    /// The connection that the machine wants to have, and whether it is open.
    private var connection: Int?
    private var isOpen = false
    private var lastConnection = 0
    private var isAttached = false
    private var isClosed = false
    private var isClosing = false
    private var lastSession: Int64 = 100
    private var expired: Set<Int64> = []
    /// How often each request has come to an end, and each watcher has been told.
    private var outcomes: [Int] = []
    private var told: [String: Int] = [:]
    private var xids: Set<Int32> = []
    /// When the last request was sent that has been answered; the proof cannot be better.
    private var lastAnswered = LeaseClock.Instant(offset: .zero)
    /// What must not be, and is.
    private(set) var faults: [String] = []
    private(set) var attachments = 0
    private(set) var expiries = 0

    init(seed: UInt64) {
        random = SeededGenerator(seed: seed)
        var options = SessionOptions(
            servers: Int.random(in: 1...3, using: &random),
            timeout: .seconds(4),
            attemptTimeout: .milliseconds(600)
        )
        options.chroot = Chroot(Bool.random(using: &random) ? "/app" : "")
        if Bool.random(using: &random) { options.credentials = [.init(scheme: "digest", secret: [1])] }
        options.maximumRequests = Int.random(in: 1...20, using: &random)
        machine = Machine(options: options, random: RandomSource(SeededGenerator(seed: ~seed)), now: now)
    }

    /// Does so many things, closes the session, and lets time pass.
    mutating func run(_ steps: Int) {
        perform(machine.start(at: now))
        for _ in 0..<steps { step() }
        if !isClosing { close() }
        for _ in 0..<1_000 where !isClosed { passTime(toWake: true) }
        if !isClosed { faults.append("not closed") }
        if outcomes.contains(where: { $0 != 1 }) { faults.append("a request with no outcome, or several") }
        if told.values.contains(where: { $0 > 1 }) { faults.append("a watcher that was told twice") }
    }

    private mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }

    private mutating func step() {
        switch Int.random(in: 0..<20, using: &random) {
        case 0...4: passTime(toWake: chance(60))
        case 5...8: submit()
        case 9:
            // Something that belongs to an earlier connection.
            let old = Int.random(in: 0..<max(1, machine.connection), using: &random)
            perform(machine.ended(old, "old", at: now) + machine.protocolError("old", on: old, at: now))
            perform(machine.received(ByteBuffer(bytes: [1, 2, 3]), on: old, at: now))
        case 10 where chance(5) && !isClosing: close()
        case 10,
            11 where chance(20):
            disrupt()
        default: advance()
        }
    }

    private mutating func close() {
        isClosing = true
        perform(machine.close(at: now))
    }

    private mutating func passTime(toWake: Bool) {
        if toWake, let wake = machine.nextWake {
            now = max(now, wake)
        } else {
            now = now.advanced(by: .milliseconds(Int.random(in: 0...1_500, using: &random)))
        }
        for _ in 0..<10 {
            guard let wake = machine.nextWake, wake <= now else { return }
            perform(machine.clockReached(now))
        }
        faults.append("it wants to be called again and again")
    }

    private mutating func submit() {
        let requests = (0..<Int.random(in: 1...3, using: &random)).map { _ -> Machine.Submission in
            outcomes.append(0)
            let number = outcomes.count - 1
            let operation: Operation = chance(50) ? .delete(path: "/a") : .exists(path: "/\(number)", watch: true)
            return .init(operation: operation, watcher: chance(50) ? "\(number)" : nil, request: number)
        }
        perform(machine.submit(requests, at: now))
    }

    /// The connection ends, or brings what nobody understands.
    private mutating func disrupt() {
        guard let connection else { return }
        switch Int.random(in: 0..<4, using: &random) {
        case 0:
            (self.connection, isOpen) = (nil, false)
            perform(machine.ended(connection, "gone", at: now))
        case 1 where isOpen: perform(machine.protocolError("what", on: connection, at: now))
        case 2 where isOpen:
            let bytes = (0..<Int.random(in: 0...40, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            perform(machine.received(ByteBuffer(bytes: bytes), on: connection, at: now))
        default: break
        }
    }

    /// A server does what it should, mostly.
    private mutating func advance() {
        guard let connection else { return }
        guard isOpen else {
            isOpen = true
            return perform(machine.opened(connection, at: now))
        }
        switch machine.phase {
        case .introducing: greet(connection)
        case .attached(let attachment): answer(attachment, connection)
        case .burying(let xid, _), .ending(let xid, _): reply(xid, .ok, connection)
        case .idle, .pausing, .connecting, .closed: break
        }
    }

    private mutating func greet(_ connection: Int) {
        var id = machine.session?.id ?? 0
        if id == 0 || chance(5) {
            lastSession += 1
            id = lastSession
        }
        let isOver = machine.session != nil && chance(15)
        let isReadOnly = chance(5)
        let timeout = Int32.random(in: 2_000...4_000, using: &random)
        let sent = machine.handshake
        perform(
            machine.received(
                ByteBuffer { bytes in
                    bytes.writeJute(Int32(0))
                    bytes.writeJute(isOver ? 0 : timeout)
                    bytes.writeJute(isOver ? 0 : id)
                    bytes.writeJute([UInt8](repeating: 7, count: 16))
                    bytes.writeJute(isReadOnly)
                },
                on: connection,
                at: now
            ),
            answering: sent
        )
    }

    private mutating func answer(_ attachment: Attachment<Int, String>, _ connection: Int) {
        let errors: [ServerError] = [.ok, .ok, .ok, .noNode, .noAuth, .sessionExpired, .throttled]
        switch Int.random(in: 0..<6, using: &random) {
        case 0: reply(Xid.ping, .ok, connection, sent: attachment.pingSent)
        case 1: reply(chance(80) ? Xid.setWatches : Xid.auth, chance(95) ? .ok : .authFailed, connection)
        case 2:
            reply(Xid.event, .ok, connection) { bytes, random in
                bytes.writeJute(Int32.random(in: -1...8, using: &random))
                bytes.writeJute(Int32(3))
                bytes.writeJute("/app/\(Int.random(in: 0...20, using: &random))")
            }
        case 3 where chance(5): reply(Int32.random(in: -10...10, using: &random), .ok, connection)
        default:
            guard let first = attachment.pending.first else { return }
            let error = chance(80) ? .ok : errors.randomElement(using: &random) ?? .ok
            reply(first.xid, error, connection, sent: first.sent) { bytes, _ in
                if error == .ok, case .exists = first.submission.operation { bytes.writeStat() }
            }
        }
    }

    private mutating func reply(
        _ xid: Int32,
        _ error: ServerError,
        _ connection: Int,
        sent: LeaseClock.Instant? = nil,
        _ body: (inout ByteBuffer, inout SeededGenerator) -> Void = { _, _ in }
    ) {
        var bytes = ByteBuffer()
        bytes.writeJute(xid)
        bytes.writeJute(Int64.random(in: -1...1_000, using: &random))
        bytes.writeJute(error.rawValue)
        body(&bytes, &random)
        perform(machine.received(bytes, on: connection, at: now), answering: sent)
    }

    // MARK: What comes out

    private mutating func perform(_ effects: [Machine.Effect], answering sent: LeaseClock.Instant? = nil) {
        if let sent { lastAnswered = max(lastAnswered, sent) }
        for effect in effects { perform(effect) }
        check()
    }

    private mutating func perform(_ effect: Machine.Effect) {
        if isClosed {
            guard case .failed(let request, .closed) = effect else { return faults.append("something after the end") }
            outcomes[request] += 1
            return
        }
        switch effect {
        case .connect(_, let number):
            if connection != nil || number <= lastConnection { faults.append("a second connection") }
            (connection, isOpen, lastConnection) = (number, false, number)
        case .disconnect(let number):
            if number == connection { (connection, isOpen) = (nil, false) }
        case .write(let bytes): written(bytes)
        case .answered(let request, _), .failed(let request, _): outcomes[request] += 1
        case .notify(let watcher, _): told[watcher, default: 0] += 1
        case .attached(let info):
            if isAttached || expired.contains(info.id) { faults.append("attached twice, or to what is over") }
            (isAttached, attachments) = (true, attachments + 1)
        case .detached:
            if !isAttached { faults.append("detached twice") }
            isAttached = false
        case .expired(let id):
            if !expired.insert(id).inserted { faults.append("expired twice") }
            expiries += 1
        case .attemptFailed: break
        case .closed: isClosed = true
        }
    }

    private mutating func written(_ bytes: ByteBuffer) {
        if !isOpen { faults.append("bytes without a connection") }
        if case .introducing = machine.phase { return }
        for frame in Framing(bytes.bytes).frames {
            guard let xid = ByteBuffer(bytes: frame).getInteger(at: 0, as: Int32.self), xid > 0 else { continue }
            if !xids.insert(xid).inserted { faults.append("a number for two requests") }
        }
    }

    private mutating func check() {
        switch machine.phase {
        case .idle, .closed:
            if machine.nextWake != nil { faults.append("it wants to be called, and has nothing to do") }
        default: if machine.nextWake == nil { faults.append("it sleeps for ever") }
        }
        guard let proof = machine.proof else { return }
        if machine.session.map({ $0.isGivenUp }) ?? true { faults.append("a proof without a session") }
        if proof.deadline > lastAnswered.advanced(by: .seconds(4)) { faults.append("a proof of what was not answered") }
    }
}
