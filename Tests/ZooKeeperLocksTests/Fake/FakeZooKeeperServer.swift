import DistributedLocks
import NIOCore
import NIOPosix

@testable import ZooKeeperLocks

/// Serves a ``FakeZooKeeper`` on loopback ports, one for each of its servers, in real time.
///
/// ```swift
/// try await FakeZooKeeperServer.with { server in
///     try await server.command { $0.faults.append(FakeFault(action: .cutAfter, code: .create2)) }
/// }
/// ```
final class FakeZooKeeperServer: Sendable {
    /// The ports, in the order of the servers.
    let ports: [Int]
    private let core: NIOLoopBound<FakeServerCore>
    private let eventLoop: any EventLoop
    private let listeners: [any Channel]

    private init(_ core: NIOLoopBound<FakeServerCore>, _ eventLoop: any EventLoop, _ listeners: [any Channel]) {
        self.core = core
        self.eventLoop = eventLoop
        self.listeners = listeners
        ports = listeners.map { $0.localAddress?.port ?? 0 }
    }

    /// Serves an ensemble as long as the body runs.
    ///
    /// - Parameters:
    ///   - options: How the ensemble is made.
    ///   - body: Gets the server, which is ready.
    /// - Returns: What the body returns.
    /// - Throws: What the body throws, or if there is no port.
    static func with<Value>(
        _ options: FakeOptions = FakeOptions(),
        _ body: (FakeZooKeeperServer) async throws -> Value
    ) async throws -> Value {
        let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
        let core = try await eventLoop.submit {
            NIOLoopBound(FakeServerCore(FakeZooKeeper(options), eventLoop), eventLoop: eventLoop)
        }.get()
        var listeners: [any Channel] = []
        for index in 0..<options.servers {
            let bootstrap = ServerBootstrap(group: eventLoop)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
                .childChannelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(FakeServerHandler(core.value, index))
                    }
                }
            listeners.append(try await bootstrap.bind(host: "127.0.0.1", port: 0).get())
        }
        let server = FakeZooKeeperServer(core, eventLoop, listeners)
        do {
            let value = try await body(server)
            await server.end()
            return value
        } catch {
            await server.end()
            throw error
        }
    }

    private func end() async {
        for listener in listeners { try? await listener.close().get() }
        try? await eventLoop.submit { [core] in core.value.end() }.get()
    }

    /// What clients are told: host and port of all servers.
    var addresses: String { ports.map { "127.0.0.1:\($0)" }.joined(separator: ",") }

    /// Looks at the ensemble, or does something to it; what comes out goes to the clients at once.
    ///
    /// - Parameter body: What to do.
    /// - Returns: What the body returns.
    /// - Throws: What the body throws.
    @discardableResult
    func command<Value: Sendable>(_ body: @escaping @Sendable (FakeZooKeeper) throws -> Value) async throws -> Value {
        try await eventLoop.submit { [core] in try core.value.command(body) }.get()
    }
}

/// What there is on the event loop.
private final class FakeServerCore {
    private let zooKeeper: FakeZooKeeper
    private let eventLoop: any EventLoop
    private let start = LeaseClock.continuous.now
    private var channels: [Int: any Channel] = [:]
    private var wake: (at: LeaseClock.Instant, task: Scheduled<Void>)?
    private var isEnded = false

    init(_ zooKeeper: FakeZooKeeper, _ eventLoop: any EventLoop) {
        self.zooKeeper = zooKeeper
        self.eventLoop = eventLoop
    }

    private var now: LeaseClock.Instant { .init(offset: start.duration(to: LeaseClock.continuous.now)) }

    func command<Value>(_ body: (FakeZooKeeper) throws -> Value) throws -> Value {
        defer { flush() }
        zooKeeper.advance(to: now)
        return try body(zooKeeper)
    }

    /// A client has come.
    ///
    /// - Returns: The number of its connection; `nil` if it is not let in.
    func accept(_ channel: any Channel, _ server: Int) -> Int? {
        guard !isEnded, let connection = zooKeeper.connect(to: server) else { return nil }
        channels[connection] = channel
        return connection
    }

    func receive(_ bytes: ByteBuffer, on connection: Int) {
        zooKeeper.receive(bytes, on: connection, at: now)
        flush()
    }

    func clientClosed(_ connection: Int) {
        channels[connection] = nil
        zooKeeper.clientClosed(connection)
    }

    func end() {
        isEnded = true
        wake?.task.cancel()
        for channel in channels.values { channel.close(promise: nil) }
    }

    private func flush() {
        for output in zooKeeper.takeOutputs() {
            guard let channel = channels[output.connection] else { continue }
            switch output.kind {
            case .bytes(let bytes): channel.writeAndFlush(bytes, promise: nil)
            case .closed:
                channels[output.connection] = nil
                channel.close(promise: nil)
            }
        }
        schedule()
    }

    private func schedule() {
        guard !isEnded, let next = zooKeeper.nextWake, next != wake?.at else { return }
        wake?.task.cancel()
        let delay = max(.zero, now.duration(to: next))
        let core = NIOLoopBound(self, eventLoop: eventLoop)
        let task = eventLoop.scheduleTask(in: .nanoseconds(delay.nanoseconds)) { core.value.passTime() }
        wake = (next, task)
    }

    private func passTime() {
        wake = nil
        zooKeeper.advance(to: now)
        flush()
    }
}

/// One connection.
private final class FakeServerHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let core: FakeServerCore
    private let server: Int
    private var connection: Int?

    init(_ core: FakeServerCore, _ server: Int) {
        self.core = core
        self.server = server
    }

    func channelActive(context: ChannelHandlerContext) {
        connection = core.accept(context.channel, server)
        if connection == nil { context.close(promise: nil) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if let connection { core.receive(unwrapInboundIn(data), on: connection) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        if let connection { core.clientClosed(connection) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
