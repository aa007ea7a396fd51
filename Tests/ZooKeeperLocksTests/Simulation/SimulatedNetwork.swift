import NIOCore

@testable import ZooKeeperLocks

/// Connections of a ``SimulatedProcess``.
final class SimulatedNetwork: Network {
    private let process: NIOLoopBoundBox<SimulatedProcess?>
    private let eventLoop: SimulatedEventLoop

    init(_ eventLoop: SimulatedEventLoop) {
        self.eventLoop = eventLoop
        process = NIOLoopBoundBox(nil, eventLoop: eventLoop)
    }

    /// Whose connections these are; nobody's any more if `nil`.
    func serve(_ process: SimulatedProcess?) { self.process.value = process }

    func connect(to address: ZooKeeperAddress, delegate: ZooKeeperChannelHandler.Delegate) -> EventLoopFuture<any Wire>
    {
        let promise = eventLoop.makePromise(of: (any Wire).self)
        guard let process = process.value, let server = Int(address.host.dropFirst()) else {
            promise.fail(ChannelError.connectPending)
            return promise.futureResult
        }
        process.connect(to: server, SimulatedEnd(delegate: delegate, promise: promise))
        return promise.futureResult
    }
}

/// The process's end of a connection.
struct SimulatedEnd {
    let delegate: ZooKeeperChannelHandler.Delegate
    let promise: EventLoopPromise<any Wire>
    var isOpen = false
}

/// An open connection of a ``SimulatedProcess``.
struct SimulatedWire: Wire {
    let process: NIOLoopBound<SimulatedProcess>
    let link: NIOLoopBound<SimulatedLink>

    func write(_ bytes: ByteBuffer) { process.value.simulation.write(bytes, link.value) }

    func close() { process.value.disconnect(link.value) }
}

/// Why there is no connection.
struct SimulatedFailure: Error, CustomStringConvertible {
    let description: String
}
