import DistributedLocks
import NIOCore
import Synchronization

/// One connection to a server, shared by any number of tasks: requests are pipelined, and all that are made within one turn of
/// the event loop leave in one write.
final class RedisConnection: Sendable {
    private struct Outbox {
        var exchanges: [Exchange] = []
        var isScheduled = false
        var isClosed = false
        /// When somebody looks for replies that are overdue.
        var nextCheck: LeaseClock.Instant?
    }

    /// Tells this connection from others of the same client.
    let id: UInt64
    private let channel: any Channel
    private let handler: NIOLoopBound<RedisChannelHandler>
    private let timers: Timers
    private let outbox = Mutex(Outbox())

    /// Takes over a channel.
    ///
    /// - Parameters:
    ///   - id: Its number.
    ///   - channel: Where the bytes go.
    ///   - handler: The last handler of the channel.
    ///   - timers: Which call what they are given.
    init(
        id: UInt64,
        channel: any Channel,
        handler: NIOLoopBound<RedisChannelHandler>,
        timers: Timers
    ) {
        self.id = id
        self.channel = channel
        self.handler = handler
        self.timers = timers
    }

    /// The event loop that reads the replies.
    var eventLoop: any EventLoop { channel.eventLoop }

    /// Sends an exchange, which is completed sooner or later, whatever happens.
    func send(_ exchange: Exchange) {
        let (isClosed, mustSchedule, isBurst) = outbox.withLock { outbox -> (Bool, Bool, Bool) in
            guard !outbox.isClosed else { return (true, false, false) }
            outbox.exchanges.append(exchange)
            watch(exchange.deadline, &outbox)
            defer { outbox.isScheduled = true }
            return (false, !outbox.isScheduled, outbox.exchanges.count >= Self.burst)
        }
        if isClosed { exchange.fail(.notSent(Self.endedText)) }
        if isBurst, channel.eventLoop.inEventLoop {
            flush()
        } else if mustSchedule {
            channel.eventLoop.execute { self.flush() }
        }
    }

    /// So many requests leave at once, also when more are to come in this turn: the server can begin with them.
    private static let burst = 16

    /// Ends the connection; what has not been answered fails.
    func close() {
        channel.close(promise: nil)
    }

    /// Fails what is overdue, and ends the connection if the server seems to be gone.
    func checkReplies() {
        channel.eventLoop.execute {
            let next = self.handler.value.checkReplies()
            self.outbox.withLock { outbox in
                outbox.nextCheck = nil
                if let next { self.watch(next, &outbox) }
                // Those that are about to be sent relied on the check that is over now.
                for exchange in outbox.exchanges { self.watch(exchange.deadline, &outbox) }
            }
        }
    }

    /// To be called when the channel is closed: nothing can be sent any more.
    func ended() {
        let exchanges = outbox.withLock { outbox in
            outbox.isClosed = true
            defer { outbox.exchanges = [] }
            return outbox.exchanges
        }
        for exchange in exchanges { exchange.fail(.notSent(Self.endedText)) }
    }

    private static let endedText = "the connection has ended"

    private func watch(_ deadline: LeaseClock.Instant, _ outbox: inout Outbox) {
        if let next = outbox.nextCheck, next <= deadline { return }
        outbox.nextCheck = deadline
        timers.schedule(at: deadline) { [weak self] in self?.checkReplies() }
    }

    private func flush() {
        let exchanges = outbox.withLock { outbox in
            outbox.isScheduled = false
            defer { outbox.exchanges.removeAll(keepingCapacity: true) }
            return outbox.exchanges
        }
        handler.value.send(exchanges)
    }
}
