import NIOCore

/// What a ``FakeZooKeeper`` does to one of its connections.
struct FakeOutput {
    enum Kind {
        /// It sends bytes: one frame, whole.
        case bytes(ByteBuffer)
        /// It closes the connection. Nothing comes after that.
        case closed
    }

    let connection: Int
    let kind: Kind
}
