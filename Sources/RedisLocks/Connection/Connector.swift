import DistributedLocks
import NIOCore
import NIOPosix
import NIOSSL
import NetworkSupport

/// Opens connections: address, TLS, and the handler at the end of the pipeline.
struct Connector: Sendable {
    private let configuration: RedisConfiguration
    private let eventLoop: any EventLoop
    private let tls: NIOSSLContext?
    private let clock: LeaseClock
    private let timers: Timers

    /// Makes a connector; reads the files that TLS needs.
    ///
    /// - Throws: `LockError.invalid` for files that cannot be used.
    init(
        configuration: RedisConfiguration,
        eventLoop: any EventLoop,
        clock: LeaseClock,
        timers: Timers
    ) throws(LockError) {
        self.configuration = configuration
        self.eventLoop = eventLoop
        self.clock = clock
        self.timers = timers
        if let options = configuration.tls { tls = try options.makeContext() } else { tls = nil }
    }

    /// Connects to `address`.
    ///
    /// - Parameters:
    ///   - address: Where to.
    ///   - id: The number of the connection.
    ///   - delegate: Who is told what arrives unasked, and of the end.
    /// - Returns: A connection on which nothing has been sent.
    /// - Throws: `LockError.unreachable`.
    func connect(
        to address: RedisAddress,
        id: UInt64,
        delegate: RedisChannelHandler.Delegate
    ) async throws(LockError) -> RedisConnection {
        do {
            let bootstrap = ClientBootstrap(group: eventLoop)
                .connectTimeout(TimeAmount(configuration.attemptTimeout))
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try prepare(channel, for: address, delegate: delegate)
                    }
                }
            return try await makeConnection(on: open(bootstrap, address), id: id)
        } catch {
            throw .unreachable(store: configuration.label, reason: "\(address): \(Self.describe(error))")
        }
    }

    private func open(_ bootstrap: ClientBootstrap, _ address: RedisAddress) async throws -> any Channel {
        switch address {
        case .host(let host, let port): try await bootstrap.connect(host: host, port: port).get()
        case .unixSocket(let path): try await bootstrap.connect(unixDomainSocketPath: path).get()
        }
    }

    private func prepare(
        _ channel: any Channel,
        for address: RedisAddress,
        delegate: RedisChannelHandler.Delegate
    ) throws {
        try ClientSocket.prepare(channel)
        if let tls {
            let name = configuration.tls?.serverName(for: address)
            try channel.pipeline.syncOperations.addHandler(NIOSSLClientHandler(context: tls, serverHostname: name))
        }
        let handler = RedisChannelHandler(delegate: delegate, clock: clock, configuration: configuration)
        try channel.pipeline.syncOperations.addHandler(handler)
    }

    private func makeConnection(on channel: any Channel, id: UInt64) async throws -> RedisConnection {
        try await channel.eventLoop.submit {
            let handler = try channel.pipeline.syncOperations.handler(type: RedisChannelHandler.self)
            return RedisConnection(
                id: id,
                channel: channel,
                handler: NIOLoopBound(handler, eventLoop: channel.eventLoop),
                timers: timers
            )
        }.get()
    }

    /// The errors of the network in words.
    static func describe(_ error: any Error) -> String {
        NetworkErrorText(tlsScheme: RedisURLDialect.tlsScheme + "://").describe(error)
    }
}
