import NIOCore

@testable import ZooKeeperLocks

/// The first frame of a client, as a server reads it.
struct FakeHandshake {
    let lastZxid: Int64
    /// In milliseconds.
    let timeout: Int32
    let session: Int64
    let password: [UInt8]
    /// Whether the client knows of servers that cannot write (3.4 and later).
    let isLong: Bool

    init(_ frame: ByteBuffer) throws(JuteError) {
        var reader = JuteReader(frame)
        _ = try reader.readInt()
        lastZxid = try reader.readLong()
        timeout = try reader.readInt()
        session = try reader.readLong()
        password = try reader.readBytes()
        isLong = reader.remaining > 0
    }

    /// The answer; `nil` stands for a session that is over.
    func response(session: Int64?, timeout: Int64) -> ByteBuffer {
        var bytes = ByteBuffer()
        bytes.writeFrame { bytes in
            bytes.writeJute(Int32(0))
            bytes.writeJute(session == nil ? Int32(0) : Int32(timeout / 1_000_000))
            bytes.writeJute(session ?? 0)
            bytes.writeJute(session.map(Self.password) ?? [UInt8](repeating: 0, count: 16))
            if isLong { bytes.writeJute(false) }
        }
        return bytes
    }

    /// What a session is proved with.
    static func password(_ session: Int64) -> [UInt8] {
        var state = UInt64(bitPattern: session) ^ 0xB3415C00
        return (0..<16).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt8(truncatingIfNeeded: state >> 33)
        }
    }
}
