import DistributedLocks
import NIOCore

@testable import ZooKeeperLocks

/// A session with an ensemble of three servers, its time, and short ways to say what arrives. The session timeout is ten seconds;
/// pauses are half of what they could be.
struct SessionScript {
    typealias Machine = SessionMachine<Int, String>

    /// Draws the same number for ever.
    private struct Constant: RandomNumberGenerator, Sendable {
        let value: UInt64
        mutating func next() -> UInt64 { value }
    }

    var machine: Machine
    /// In milliseconds.
    var now = 0

    static let options = SessionOptions(servers: 3, timeout: .seconds(10), attemptTimeout: .seconds(1))

    init(_ options: SessionOptions = Self.options, jitter: UInt64 = 1 << 63) {
        machine = Machine(options: options, random: RandomSource(Constant(value: jitter)), now: .at(0))
    }

    // MARK: What happens

    mutating func start() -> [SessionLine] { lines(machine.start(at: .at(now))) }

    mutating func wait(_ milliseconds: Int) { now += milliseconds }

    mutating func open(_ connection: Int? = nil) -> [SessionLine] {
        lines(machine.opened(connection ?? machine.connection, at: .at(now)), isHandshake: true)
    }

    mutating func end(_ connection: Int? = nil) -> [SessionLine] {
        lines(machine.ended(connection ?? machine.connection, "gone", at: .at(now)))
    }

    /// The handshake is answered.
    mutating func greet(
        _ id: Int64 = 77,
        timeout: Int32 = 10_000,
        isReadOnly: Bool = false,
        on connection: Int? = nil
    ) -> [SessionLine] {
        receive(on: connection) { bytes in
            bytes.writeJute(Int32(0))
            bytes.writeJute(timeout)
            bytes.writeJute(id)
            bytes.writeJute(Self.password(id))
            bytes.writeJute(isReadOnly)
        }
    }

    /// The session that was asked for is over.
    mutating func deny() -> [SessionLine] { greet(0, timeout: 0) }

    /// A request, or something else that has a number, is answered.
    mutating func reply(
        _ xid: Int32,
        _ error: ServerError = .ok,
        zxid: Int64 = 100,
        on connection: Int? = nil,
        _ body: (inout ByteBuffer) -> Void = { _ in }
    ) -> [SessionLine] {
        receive(on: connection) { bytes in
            bytes.writeJute(xid)
            bytes.writeJute(zxid)
            bytes.writeJute(error.rawValue)
            body(&bytes)
        }
    }

    /// A watch fires.
    mutating func event(_ kind: Int32, _ path: String) -> [SessionLine] {
        reply(Xid.event, zxid: -1) { bytes in
            bytes.writeJute(kind)
            bytes.writeJute(Int32(3))
            bytes.writeJute(path)
        }
    }

    /// A frame arrives.
    mutating func receive(on connection: Int? = nil, _ write: (inout ByteBuffer) -> Void) -> [SessionLine] {
        lines(machine.received(ByteBuffer(write), on: connection ?? machine.connection, at: .at(now)))
    }

    mutating func garbage(on connection: Int? = nil) -> [SessionLine] {
        lines(machine.protocolError("what is that", on: connection ?? machine.connection, at: .at(now)))
    }

    /// Requests with the numbers that they have for whoever sends them.
    mutating func submit(_ operations: (Int, Operation)...) -> [SessionLine] {
        let requests = operations.map { Machine.Submission(operation: $1, watcher: nil, request: $0) }
        return lines(machine.submit(requests, at: .at(now)))
    }

    /// A request that sets a watch.
    mutating func submit(_ number: Int, _ operation: Operation, _ watcher: String) -> [SessionLine] {
        lines(machine.submit([.init(operation: operation, watcher: watcher, request: number)], at: .at(now)))
    }

    mutating func close() -> [SessionLine] { lines(machine.close(at: .at(now))) }

    /// The time comes at which the machine wants to be called, if there is one.
    mutating func wake() -> [SessionLine] {
        guard let wake = machine.nextWake else { return [] }
        now = max(now, Int(wake.offset / .milliseconds(1)))
        // What is less than a millisecond comes with the next one.
        if LeaseClock.Instant.at(now) < wake { now += 1 }
        return tick()
    }

    /// The machine is called now.
    mutating func tick() -> [SessionLine] { lines(machine.clockReached(.at(now))) }

    /// In milliseconds, rounded up.
    var nextWake: Int? {
        machine.nextWake.map { Int(($0.offset / .milliseconds(1)).rounded(.up)) }
    }

    // MARK: Shorter ways

    /// Starts, and has a session.
    mutating func attach(_ id: Int64 = 77, timeout: Int32 = 10_000) {
        _ = start()
        _ = open()
        _ = greet(id, timeout: timeout)
    }

    /// The connection ends, and there is another one that has sent its handshake.
    mutating func reconnect() -> [SessionLine] {
        _ = end()
        _ = wake()
        return open()
    }

    /// The servers are silent for so long that the session is given up: nobody can be connected to.
    mutating func lapse() -> [SessionLine] {
        _ = end()
        var lines: [SessionLine] = []
        while machine.session?.isGivenUp == false {
            lines += wake()
            if case .connecting = machine.phase { lines += end() }
        }
        return lines
    }

    static func password(_ id: Int64) -> [UInt8] { (0..<16).map { UInt8(truncatingIfNeeded: id &+ $0) } }

    private func lines(_ effects: [Machine.Effect], isHandshake: Bool = false) -> [SessionLine] {
        effects.flatMap { SessionLine.lines($0, isHandshake: isHandshake) }
    }
}
