import NIOCore

/// An open connection, as a session uses it; on the event loop.
protocol Wire: Sendable {
    /// Sends bytes, after all that was sent before.
    func write(_ bytes: ByteBuffer)

    /// Ends it; what was sent before may still arrive.
    func close()
}

/// What opens connections.
protocol Network: Sendable {
    /// Connects; to be called on the event loop.
    ///
    /// - Parameters:
    ///   - address: Where to.
    ///   - delegate: Who is told what arrives.
    /// - Returns: The connection, some time.
    func connect(to address: ZooKeeperAddress, delegate: ZooKeeperChannelHandler.Delegate) -> EventLoopFuture<any Wire>
}
