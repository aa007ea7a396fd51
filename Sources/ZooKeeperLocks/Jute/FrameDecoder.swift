import NIOCore

/// Cuts a stream of bytes into frames: a length of four bytes, and as many bytes.
struct FrameDecoder: Sendable {
    private let limit: Int
    private var bytes = ByteBuffer()

    /// Makes a decoder at the start of a stream.
    ///
    /// - Parameter limit: How many bytes a frame may have.
    init(limit: Int) {
        self.limit = limit
    }

    /// How many bytes wait for the rest of their frame.
    var pending: Int { bytes.readableBytes }

    /// Takes in what has arrived.
    mutating func append(_ arrived: ByteBuffer) {
        if bytes.readableBytes == 0 {
            bytes = arrived
        } else {
            var arrived = arrived
            bytes.discardReadBytes()
            bytes.writeBuffer(&arrived)
        }
    }

    /// The next frame, without its length, if all of it is there.
    ///
    /// - Throws: ``JuteError/badFrame(length:limit:)``, before anything of such a frame is kept.
    mutating func next() throws(JuteError) -> ByteBuffer? {
        guard let length = bytes.getInteger(at: bytes.readerIndex, as: Int32.self) else { return nil }
        guard length >= 0, Int(length) <= limit else { throw .badFrame(length: length, limit: limit) }
        guard bytes.readableBytes >= 4 + Int(length) else { return nil }
        bytes.moveReaderIndex(forwardBy: 4)
        return bytes.readSlice(length: Int(length))
    }
}
