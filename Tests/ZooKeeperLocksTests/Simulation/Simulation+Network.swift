import NIOCore

@testable import ZooKeeperLocks

extension Simulation {
    /// A process opens a connection.
    func connect(_ process: SimulatedProcess, _ number: Int, to server: Int) -> SimulatedLink {
        let link = SimulatedLink(process, number, to: server)
        send(up: link) { self.arrive(link) }
        return link
    }

    private func arrive(_ link: SimulatedLink) {
        link.connection = zooKeeper.connect(to: link.server)
        guard let connection = link.connection else {
            return send(down: link) { link.process.ended(link, "connection refused") }
        }
        links[connection] = link
        send(down: link) { link.process.opened(link) }
    }

    /// A process sends bytes.
    func write(_ bytes: ByteBuffer, _ link: SimulatedLink) {
        send(up: link) {
            guard let connection = link.connection else { return }
            self.zooKeeper.receive(bytes, on: connection, at: self.instant)
        }
    }

    /// A process closes a connection; what it has sent before arrives before.
    func disconnect(_ link: SimulatedLink) {
        link.isOpen = false
        send(up: link) { self.close(link) }
    }

    private func close(_ link: SimulatedLink) {
        guard let connection = link.connection else { return }
        links[connection] = nil
        zooKeeper.clientClosed(connection)
    }

    /// Ends a connection somehow. Either side hears of that sooner or later, or never.
    func cut(_ link: SimulatedLink) {
        let kind = number(0...5)
        note("cut c\(link.process.number)#\(link.number), kind \(kind)")
        switch kind {
        case 0, 1:
            link.isCut = (true, true)
            after(time(.zero...world.timeout)) { self.close(link) }
            after(time(.zero...world.timeout / 8)) { link.process.ended(link, "reset") }
        case 2: link.isCut = (true, true)
        case 3: link.isCut.up = true
        case 4: link.isCut.down = true
        default: link.framesLeft = number(0...2)
        }
    }

    /// What has come out of the servers gets on its way.
    func deliver() {
        var batch: [ByteBuffer] = []
        var current: Int?
        for output in zooKeeper.takeOutputs() {
            if output.connection != current {
                flush(&batch, current)
                current = output.connection
            }
            switch output.kind {
            case .bytes(let bytes): batch.append(bytes)
            case .closed:
                flush(&batch, current)
                finish(output.connection)
            }
            if let foreigner = foreigners.first(where: { $0.connection == output.connection }) {
                foreigner.take(output)
            }
        }
        flush(&batch, current)
    }

    private func finish(_ connection: Int) {
        guard let link = links.removeValue(forKey: connection) else { return }
        send(down: link) { link.process.ended(link, "closed by the server") }
    }

    private func flush(_ batch: inout [ByteBuffer], _ connection: Int?) {
        defer { batch = [] }
        guard !batch.isEmpty, let connection, let link = links[connection] else { return }
        let frames = batch
        send(down: link) { self.receive(frames, link) }
    }

    private func receive(_ frames: [ByteBuffer], _ link: SimulatedLink) {
        for frame in frames {
            if let left = link.framesLeft {
                // The order in which a process sets several watches again is not always the same.
                guard left > 0, Self.events(frames) < 2 else {
                    link.isCut = (true, true)
                    after(time(.zero...world.timeout)) { self.close(link) }
                    return link.process.ended(link, "reset in the middle")
                }
                link.framesLeft = left - 1
            }
            link.process.received(frame, link)
        }
    }

    private static func events(_ frames: [ByteBuffer]) -> Int {
        frames.count { $0.getInteger(at: $0.readerIndex + 4, as: Int32.self) == Xid.event }
    }

    private func delay() -> Duration {
        if !isCalm, world.troubles.contains(.slowness), chance(2) { return time(.zero...world.timeout / 2) }
        return time(world.latency / 8...world.latency)
    }

    private func send(up link: SimulatedLink, _ body: @escaping () -> Void) {
        let due = max(link.arrival.up, now + delay().nanoseconds)
        link.arrival.up = due
        carry(up: link, due, nil, body)
    }

    private func carry(up link: SimulatedLink, _ due: Int64, _ number: Int?, _ body: @escaping () -> Void) {
        agenda.add(due, number: number) { number in
            guard !link.isCut.up else { return }
            let blocked = link.process.blockedUntil[link.server]
            guard blocked <= self.now else {
                link.arrival.up = max(link.arrival.up, blocked)
                return self.carry(up: link, blocked, number, body)
            }
            body()
        }
    }

    private func send(down link: SimulatedLink, _ body: @escaping () -> Void) {
        let due = max(link.arrival.down, now + delay().nanoseconds)
        link.arrival.down = due
        carry(down: link, due, nil, body)
    }

    private func carry(down link: SimulatedLink, _ due: Int64, _ number: Int?, _ body: @escaping () -> Void) {
        agenda.add(due, number: number) { number in
            guard !link.isCut.down else { return }
            let blocked = link.process.blockedUntil[link.server]
            guard blocked <= self.now else {
                link.arrival.down = max(link.arrival.down, blocked)
                return self.carry(down: link, blocked, number, body)
            }
            link.process.schedule(.zero, body)
        }
    }
}
