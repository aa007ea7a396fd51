import NIOCore

@testable import ZooKeeperLocks

/// What a decoder of frames makes of bytes.
struct Framing: Hashable {
    /// The frames in their order.
    var frames: [[UInt8]] = []
    /// What ended it, if anything did.
    var failure: JuteError?
    /// How many bytes were left, waiting for more.
    var rest = 0

    /// Feeds `pieces` to a decoder, and asks it for frames after each.
    init(_ pieces: some Sequence<ArraySlice<UInt8>>, limit: Int = 1 << 20) {
        var decoder = FrameDecoder(limit: limit)
        for piece in pieces {
            decoder.append(ByteBuffer(bytes: piece))
            do throws(JuteError) {
                while let frame = try decoder.next() { frames.append(frame.bytes) }
            } catch {
                failure = error
            }
        }
        rest = decoder.pending
    }

    /// Everything in one read.
    init(_ bytes: [UInt8], limit: Int = 1 << 20) {
        self.init(CollectionOfOne(bytes[...]), limit: limit)
    }
}
