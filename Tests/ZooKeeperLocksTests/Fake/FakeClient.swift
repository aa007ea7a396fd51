import DistributedLocks
import NIOCore

@testable import ZooKeeperLocks

/// A client of a ``FakeZooKeeper`` that does what a test says, and writes down what it is told.
final class FakeClient {
    /// What came out of a connection.
    enum Line: Hashable {
        case session(Int64, timeout: Int32)
        case expired
        case event(WatchEvent.Kind, String)
        case reply(Int32, Reply)
        case error(Int32, ServerError)
        /// An answer that no request waits for: to a ping, for example.
        case control(Int32, ServerError)
        case closed
    }

    private let zooKeeper: FakeZooKeeper
    private let chroot = Chroot()
    private(set) var connection = 0
    private(set) var session: Int64 = 0
    private(set) var password = [UInt8](repeating: 0, count: ConnectRequest.passwordLength)
    private var pending: [Int32: Operation] = [:]
    private var xid = Xid()
    private var isIntroduced = false
    var now = Duration.zero
    /// The last transaction that was seen.
    private(set) var zxid: Int64 = 0
    private var lines: [Line] = []

    init(_ zooKeeper: FakeZooKeeper) {
        self.zooKeeper = zooKeeper
    }

    /// Connects, with the session if there is one. What comes out later is for this connection only.
    ///
    /// - Parameters:
    ///   - server: Where to.
    ///   - timeout: The session timeout to ask for, in milliseconds.
    ///   - zxid: What to have seen; what was seen, if `nil`.
    func connect(to server: Int = 0, timeout: Int32 = 4_000, seen zxid: Int64? = nil) {
        connection = zooKeeper.connect(to: server) ?? 0
        isIntroduced = false
        pending = [:]
        let request = ConnectRequest(
            lastZxid: zxid ?? self.zxid,
            timeout: timeout,
            sessionID: session,
            password: password
        )
        send(ByteBuffer(request.write))
    }

    /// Sends a request.
    ///
    /// - Returns: Its number.
    @discardableResult
    func request(_ operation: Operation) -> Int32 {
        let number = xid.next()
        pending[number] = operation
        send(ByteBuffer { operation.write(xid: number, below: chroot, into: &$0) })
        return number
    }

    /// Sends a frame that is no request.
    func control(_ control: ControlFrame) {
        send(ByteBuffer { control.write(below: chroot, into: &$0) })
    }

    /// Closes the connection.
    func hangUp() {
        zooKeeper.clientClosed(connection)
    }

    /// Uses another password from now on.
    func forget() {
        password[0] ^= 1
    }

    private func send(_ bytes: ByteBuffer) {
        zooKeeper.receive(bytes, on: connection, at: .init(offset: now))
    }

    /// What has been told since the last call.
    func takeLines() -> [Line] {
        defer { lines = [] }
        return lines
    }

    /// Takes what has come out of the ensemble for these clients.
    static func deliver(_ zooKeeper: FakeZooKeeper, to clients: [FakeClient]) {
        for output in zooKeeper.takeOutputs() {
            for client in clients where client.connection == output.connection { client.take(output.kind) }
        }
    }

    /// Takes something that has come out of the ensemble for it.
    func take(_ output: FakeOutput) { take(output.kind) }

    private func take(_ kind: FakeOutput.Kind) {
        guard case .bytes(let bytes) = kind else { return lines.append(.closed) }
        do throws(JuteError) {
            var decoder = FrameDecoder(limit: 1 << 20)
            decoder.append(bytes)
            while let frame = try decoder.next() { lines.append(try read(frame)) }
        } catch {
            lines.append(.control(0, .marshallingError))
        }
    }

    private func read(_ frame: ByteBuffer) throws(JuteError) -> Line {
        guard isIntroduced else {
            isIntroduced = true
            let response = try ConnectResponse(frame)
            if response.isExpired { return .expired }
            (session, password) = (response.sessionID, response.password)
            return .session(session, timeout: response.timeout)
        }
        var reader = JuteReader(frame)
        let header = try ReplyHeader(from: &reader)
        if header.zxid > 0 { zxid = max(zxid, header.zxid) }
        if header.xid == Xid.event {
            let event = try WatchEvent.read(from: &reader)
            return .event(event?.kind ?? .none, event?.path ?? "")
        }
        guard let operation = pending.removeValue(forKey: header.xid) else { return .control(header.xid, header.error) }
        guard header.error == .ok else { return .error(header.xid, header.error) }
        return .reply(header.xid, try Reply(to: operation, from: &reader, below: chroot))
    }
}
