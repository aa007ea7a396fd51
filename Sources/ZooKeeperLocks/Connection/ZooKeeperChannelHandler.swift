import NIOCore
import NetworkSupport

/// Where bytes become frames. Lives on the event loop of its channel.
final class ZooKeeperChannelHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// Who is told what arrives, on the event loop.
    struct Delegate {
        /// A frame has arrived.
        var onFrame: (ByteBuffer) -> Void
        /// What has arrived is no frame.
        var onNonsense: (JuteError) -> Void
        /// The connection has ended; why.
        var onEnd: (String) -> Void
    }

    private let delegate: Delegate
    private var decoder: FrameDecoder
    private var failure: String?
    private var hasEnded = false

    /// Makes the handler of one channel.
    init(delegate: Delegate, frameLimit: Int) {
        self.delegate = delegate
        decoder = FrameDecoder(limit: frameLimit)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        end("the connection was closed")
    }

    func channelInactive(context: ChannelHandlerContext) {
        end("the server closed the connection")
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        failure = failure ?? Connector.words.describe(error)
        context.close(promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        decoder.append(unwrapInboundIn(data))
        do {
            while !hasEnded, let frame = try decoder.next() { delegate.onFrame(frame) }
        } catch {
            delegate.onNonsense(error)
        }
    }

    private func end(_ reason: String) {
        guard !hasEnded else { return }
        hasEnded = true
        delegate.onEnd(failure ?? reason)
    }
}
