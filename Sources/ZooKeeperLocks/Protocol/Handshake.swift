import NIOCore

/// The first frame on a connection: a new session, or one that goes on. It has no header.
struct ConnectRequest: Hashable, Sendable {
    /// The last transaction that this client has seen. A server that has not come so far does not answer.
    var lastZxid: Int64
    /// The session timeout that is asked for, in milliseconds.
    var timeout: Int32
    /// The session; 0 for a new one.
    var sessionID: Int64
    /// What proves that it is ours; sixteen zeros for a new one.
    var password: [UInt8]

    /// How long a password is.
    static let passwordLength = 16

    /// Writes the frame.
    func write(into bytes: inout ByteBuffer) {
        bytes.writeFrame { bytes in
            bytes.writeJute(Int32(0))
            bytes.writeJute(lastZxid)
            bytes.writeJute(timeout)
            bytes.writeJute(sessionID)
            bytes.writeJute(password)
            // Servers that cannot write are of no use for locks.
            bytes.writeJute(false)
        }
    }
}

/// The answer to a ``ConnectRequest``.
struct ConnectResponse: Hashable, Sendable {
    /// The session timeout that counts, in milliseconds; 0 or less if the session is over.
    var timeout: Int32
    /// The session; 0 if it is over.
    var sessionID: Int64
    /// What to prove it with later.
    var password: [UInt8]
    /// Whether the server cannot write.
    var isReadOnly: Bool

    /// Whether the session that was asked for is over.
    var isExpired: Bool { timeout <= 0 || sessionID == 0 }
}

extension ConnectResponse {
    /// Reads a frame.
    init(_ frame: ByteBuffer) throws(JuteError) {
        var reader = JuteReader(frame)
        _ = try reader.readInt()
        timeout = try reader.readInt()
        sessionID = try reader.readLong()
        password = try reader.readBytes()
        // Servers before 3.4 end here.
        isReadOnly = reader.remaining > 0 ? try reader.readBool() : false
        try reader.finish()
    }
}
