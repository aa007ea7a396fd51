/// A frame from the server on its way through a ``ZooKeeperProxy``.
struct ProxiedReply: Sendable {
    /// What the request asked for; ``ZooKeeperOperation/notification`` if it is none's reply.
    let operation: ZooKeeperOperation
    /// The server's error code; 0 if there is none.
    let error: Int32
    /// All of it.
    let frame: ZooKeeperFrame
    /// Over which of the proxy's connections it came: 1 is the first.
    let connection: Int

    init(_ frame: ZooKeeperFrame, to request: ProxiedRequest?, connection: Int) {
        self.frame = frame
        self.connection = connection
        operation = request?.operation ?? .notification
        error = operation == .handshake ? 0 : frame.int(at: 12) ?? 0
    }

    /// The kind of a watch event: 1 created, 2 deleted, 3 changed, 4 children changed.
    var event: Int32? { operation == .notification ? frame.int(at: 16) : nil }

    /// The path of a watch event.
    var path: String { operation == .notification ? frame.text(at: 24) ?? "" : "" }
}
