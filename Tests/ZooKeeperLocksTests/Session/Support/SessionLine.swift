import NIOCore

@testable import ZooKeeperLocks

/// What a session wants to be done, in a form that can be compared, with the bytes taken apart.
enum SessionLine: Hashable {
    case connect(Int, connection: Int)
    case disconnect(Int)
    /// A handshake is sent.
    case greeting(Int64, password: [UInt8], zxid: Int64, timeout: Int32)
    /// A request is sent.
    case sent(Int32, OpCode?)
    case ping
    case auth(String, [UInt8])
    case setWatches(since: Int64, WatchPaths)
    case answered(Int, Result<Reply, ServerError>, session: Int64)
    case failed(Int, RequestFailure)
    case notify(String, WatchEvent?)
    case attached(SessionInfo)
    case detached
    case expired(Int64)
    case attemptFailed(everywhere: Bool)
    case denied(everywhere: Bool)
    case closed
    /// Bytes that are not understood.
    case odd

    static func lines(_ effect: SessionScript.Machine.Effect, isHandshake: Bool) -> [SessionLine] {
        switch effect {
        case .connect(let server, let connection): [.connect(server, connection: connection)]
        case .write(let bytes): written(bytes, isHandshake)
        case .disconnect(let connection): [.disconnect(connection)]
        case .answered(let request, let answer): [.answered(request, answer.result, session: answer.sessionID)]
        case .failed(let request, let failure): [.failed(request, plain(failure))]
        case .notify(let watcher, let event): [.notify(watcher, event)]
        case .attached(let info): [.attached(info)]
        case .detached: [.detached]
        case .expired(let id): [.expired(id)]
        case .attemptFailed(.unreachable, let everywhere): [.attemptFailed(everywhere: everywhere)]
        case .attemptFailed(.denied, let everywhere): [.denied(everywhere: everywhere)]
        case .closed: [.closed]
        }
    }

    /// Without the words.
    private static func plain(_ failure: RequestFailure) -> RequestFailure {
        switch failure {
        case .notSent: .notSent("")
        case .refused: .refused("")
        case .unanswered: .unanswered("")
        case .overdue, .cancelled, .closed: failure
        }
    }

    private static func written(_ bytes: ByteBuffer, _ isHandshake: Bool) -> [SessionLine] {
        var decoder = FrameDecoder(limit: 1 << 30)
        decoder.append(bytes)
        var lines: [SessionLine] = []
        do throws(JuteError) {
            while let frame = try decoder.next() {
                lines.append(isHandshake ? try greeting(frame) : try line(frame))
            }
        } catch {
            return lines + [.odd]
        }
        return decoder.pending == 0 ? lines : lines + [.odd]
    }

    private static func greeting(_ frame: ByteBuffer) throws(JuteError) -> SessionLine {
        let handshake = try FakeHandshake(frame)
        return .greeting(
            handshake.session,
            password: handshake.password,
            zxid: handshake.lastZxid,
            timeout: handshake.timeout
        )
    }

    private static func line(_ frame: ByteBuffer) throws(JuteError) -> SessionLine {
        var reader = JuteReader(frame)
        let xid = try reader.readInt()
        let code = OpCode(rawValue: try reader.readInt())
        switch (xid, code) {
        case (Xid.ping, .ping): return .ping
        case (Xid.auth, .auth):
            guard case .auth(let scheme, let secret) = try FakeRequest(OpCode.auth.rawValue, &reader) else {
                return .odd
            }
            return .auth(scheme, secret)
        case (Xid.setWatches, let code?):
            guard case .setWatches(let zxid, let paths) = try FakeRequest(code.rawValue, &reader) else { return .odd }
            return .setWatches(since: zxid, paths)
        default: return .sent(xid, code)
        }
    }
}

extension ByteBuffer {
    /// A node's stat, of which only the transaction that made it matters.
    mutating func writeStat(czxid: Int64 = 5) {
        Stat(czxid: czxid).write(into: &self)
    }
}
