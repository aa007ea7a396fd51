import DistributedLocks
import NIOCore
import NIOPosix
import NIOSSL
import NetworkSupport

/// Opens connections: address, TLS, and the handler at the end of the pipeline.
struct Connector: Network {
    private let configuration: ZooKeeperConfiguration
    private let eventLoop: any EventLoop
    private let tls: NIOSSLContext?

    /// The errors of the network for users.
    static let words = NetworkErrorText(tlsScheme: "zookeepers://")

    /// Makes a connector; reads the files that TLS needs.
    ///
    /// - Throws: `LockError.invalid` for files that cannot be used.
    init(configuration: ZooKeeperConfiguration, eventLoop: any EventLoop) throws(LockError) {
        self.configuration = configuration
        self.eventLoop = eventLoop
        if let options = configuration.tls { tls = try options.makeContext() } else { tls = nil }
    }

    /// Connects. The name of the server is looked up each time.
    func connect(
        to address: ZooKeeperAddress,
        delegate: ZooKeeperChannelHandler.Delegate
    ) -> EventLoopFuture<any Wire> {
        let delegate = NIOLoopBound(delegate, eventLoop: eventLoop)
        return ClientBootstrap(group: eventLoop)
            .connectTimeout(TimeAmount(configuration.attemptTimeout))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try prepare(channel, for: address, delegate: delegate.value)
                }
            }
            .connect(host: address.host, port: address.port)
            .map { ChannelWire(channel: $0) }
    }

    private func prepare(
        _ channel: any Channel,
        for address: ZooKeeperAddress,
        delegate: ZooKeeperChannelHandler.Delegate
    ) throws {
        try ClientSocket.prepare(channel)
        if let tls {
            let name = configuration.tls?.serverName(for: address)
            try channel.pipeline.syncOperations.addHandler(NIOSSLClientHandler(context: tls, serverHostname: name))
        }
        let handler = ZooKeeperChannelHandler(delegate: delegate, frameLimit: configuration.limits.frameLength)
        try channel.pipeline.syncOperations.addHandler(handler)
    }
}

/// A real connection.
private struct ChannelWire: Wire {
    let channel: any Channel

    func write(_ bytes: ByteBuffer) { channel.writeAndFlush(bytes, promise: nil) }

    func close() { channel.close(promise: nil) }
}
