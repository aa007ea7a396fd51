import NIOCore

@testable import ZooKeeperLocks

extension SimulatedProcess {
    /// Opens a connection.
    func connect(to server: Int, _ end: SimulatedEnd) {
        let link = simulation.connect(self, (self.link?.number ?? 0) + 1, to: server)
        self.link = link
        ends[link.number] = end
    }

    /// Closes a connection.
    func disconnect(_ link: SimulatedLink) {
        simulation.disconnect(link)
        let process = NIOLoopBound(self, eventLoop: eventLoop)
        let number = link.number
        eventLoop.execute { process.value.ends.removeValue(forKey: number)?.delegate.onEnd("closed") }
    }

    /// A connection has been opened.
    func opened(_ link: SimulatedLink) {
        inTurn(of: link) { process, link in
            process.ends[link.number]?.isOpen = true
            let wire = SimulatedWire(
                process: NIOLoopBound(process, eventLoop: process.eventLoop),
                link: NIOLoopBound(link, eventLoop: process.eventLoop)
            )
            process.ends[link.number]?.promise.succeed(wire)
        }
    }

    /// A connection has ended, or could not be opened.
    func ended(_ link: SimulatedLink, _ reason: String) {
        inTurn(of: link) { process, link in
            link.isOpen = false
            guard let end = process.ends.removeValue(forKey: link.number) else { return }
            if end.isOpen {
                end.delegate.onEnd(reason)
            } else {
                end.promise.fail(SimulatedFailure(description: reason))
            }
        }
    }

    /// A frame has arrived.
    func received(_ bytes: ByteBuffer, _ link: SimulatedLink) {
        var frame = bytes
        frame.moveReaderIndex(forwardBy: 4)
        if simulation.flaw == .deaf, frame.getInteger(at: frame.readerIndex) == Xid.event { return }
        inTurn(of: link) { [frame] process, link in process.ends[link.number]?.delegate.onFrame(frame) }
    }

    /// What happens on a connection happens when the event loop comes to it, if the process still has that connection.
    private func inTurn(of link: SimulatedLink, _ body: @escaping @Sendable (SimulatedProcess, SimulatedLink) -> Void) {
        let (process, link) = (NIOLoopBound(self, eventLoop: eventLoop), NIOLoopBound(link, eventLoop: eventLoop))
        eventLoop.execute {
            if link.value.isOpen { body(process.value, link.value) }
        }
    }
}
