import DistributedLocks
import NIOCore

/// Where bytes become replies. Lives on the event loop of its channel.
final class RedisChannelHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// What the owner of a connection is told, on the event loop.
    struct Delegate: Sendable {
        /// A message has arrived.
        var onPush: @Sendable ([RESPValue]) -> Void
        /// The connection has ended; why.
        var onEnd: @Sendable (String) -> Void
    }

    /// The shortest time from one look at overdue replies to the next.
    private static let checkInterval = Duration.milliseconds(10)

    private let delegate: Delegate
    private let clock: LeaseClock
    private let silenceLimit: Duration
    private let maximumOwed: Int
    private var decoder: RESPDecoder
    private var owed = ReplyQueue<Exchange>()
    private var context: ChannelHandlerContext?
    private var lastArrival: LeaseClock.Instant
    private var failure: String?
    private var hasEnded = false

    /// Makes the handler of one channel.
    ///
    /// - Parameters:
    ///   - delegate: Who is told.
    ///   - clock: What deadlines are measured on.
    ///   - configuration: For the limits.
    init(delegate: Delegate, clock: LeaseClock, configuration: RedisConfiguration) {
        self.delegate = delegate
        self.clock = clock
        silenceLimit = configuration.requestTimeout
        maximumOwed = configuration.limits.outstandingRequests
        decoder = RESPDecoder(limits: configuration.limits.replies)
        lastArrival = clock.now
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        end("the connection was closed")
        self.context = nil
    }

    func channelInactive(context: ChannelHandlerContext) {
        end("the server closed the connection")
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        failure = failure ?? Connector.describe(error)
        context.close(promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        lastArrival = clock.now
        decoder.append(unwrapInboundIn(data))
        do {
            while let value = try decoder.next() {
                guard take(value) else { return close(context, Self.explain(unexpected: value)) }
            }
        } catch {
            close(context, "the server sent something that is not Redis protocol: \(error)")
        }
    }

    /// Writes what has been asked for since the last turn, in one go.
    func send(_ exchanges: [Exchange]) {
        guard let context, !hasEnded else {
            for exchange in exchanges { exchange.fail(.notSent(failure ?? "the connection has ended")) }
            return
        }
        var bytes = ByteBuffer()
        for exchange in exchanges where !exchange.isDone {
            guard owed.count < maximumOwed else {
                exchange.fail(.overloaded)
                continue
            }
            owed.sent(exchange, replies: exchange.commands.count)
            for command in exchange.commands { command.write(into: &bytes) }
        }
        guard bytes.readableBytes > 0 else { return }
        context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
    }

    /// Fails what is overdue, and ends the connection if the server has been silent for too long.
    ///
    /// - Returns: When to look again; `nil` if nothing is owed.
    func checkReplies() -> LeaseClock.Instant? {
        let now = clock.now
        var next: LeaseClock.Instant?
        owed.forEach { exchange in
            if exchange.deadline <= now {
                exchange.fail(.overdue)
            } else {
                next = min(next ?? exchange.deadline, exchange.deadline)
            }
        }
        // Not for every one of thousands that are overdue one after the other: each look is at all of them.
        next = next.map { max($0, now.advanced(by: Self.checkInterval)) }
        guard let first = owed.first, first.deadline <= now else { return next }
        let end = max(first.deadline, lastArrival).advanced(by: silenceLimit)
        if end <= now, let context {
            close(context, "the server has been silent for too long")
            return nil
        }
        return min(next ?? end, end)
    }

    private func take(_ value: RESPValue) -> Bool {
        switch owed.received(value) {
        case .reply(let exchange, let value): exchange.succeed(value)
        case .push(let message): delegate.onPush(message)
        case .nothing: break
        case .unexpected: return false
        }
        return true
    }

    /// A server that has no room for another client says so unasked.
    private static func explain(unexpected value: RESPValue) -> String {
        if case .error(let error) = value { return "the server says: \(error)" }
        return "the server sent a reply that nobody had asked for"
    }

    private func close(_ context: ChannelHandlerContext, _ reason: String) {
        failure = failure ?? reason
        context.close(promise: nil)
    }

    private func end(_ reason: String) {
        guard !hasEnded else { return }
        hasEnded = true
        let reason = failure ?? reason
        delegate.onEnd(reason)
        for exchange in owed.end() { exchange.fail(.unanswered(reason)) }
    }
}
