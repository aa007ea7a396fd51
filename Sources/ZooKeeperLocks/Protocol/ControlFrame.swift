import NIOCore

/// Frames that are not requests of anybody: they have numbers of their own.
enum ControlFrame: Hashable, Sendable {
    /// Keeps the session alive.
    case ping
    /// Proves who we are: `digest` and `user:password`, for example.
    case auth(scheme: String, secret: [UInt8])
    /// Sets watches again on a new connection. What has happened since `zxid` is told at once.
    case setWatches(since: Int64, WatchPaths)

    /// Writes the whole frame.
    func write(below chroot: Chroot, into bytes: inout ByteBuffer) {
        bytes.writeFrame { bytes in
            switch self {
            case .ping:
                bytes.writeJute(Xid.ping)
                bytes.writeJute(OpCode.ping.rawValue)
            case .auth(let scheme, let secret):
                bytes.writeJute(Xid.auth)
                bytes.writeJute(OpCode.auth.rawValue)
                bytes.writeJute(Int32(0))
                bytes.writeJute(scheme)
                bytes.writeJute(secret)
            case .setWatches(let zxid, let paths):
                bytes.writeJute(Xid.setWatches)
                bytes.writeJute((paths.hasPersistent ? OpCode.setWatches2 : OpCode.setWatches).rawValue)
                bytes.writeJute(zxid)
                paths.write(below: chroot, into: &bytes)
            }
        }
    }
}
