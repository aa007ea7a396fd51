import DistributedLocks
import Testing

@testable import ZooKeeperLocks

@Suite struct SessionClosingTests {
    private typealias Script = SessionScript

    private static let read = Operation.exists(path: "/a")

    /// Whether nothing happens any more, whatever else does.
    private static func isClosed(_ script: Script) -> Bool {
        var script = script
        let connection = script.machine.connection
        script.wait(60_000)
        var lines = script.tick() + script.start() + script.close() + script.end() + script.garbage() + script.wake()
        lines += script.greet() + script.reply(1) + script.event(1, "/a")
        let isLate = script.open() == [.disconnect(connection)]
        return lines.isEmpty && isLate && script.nextWake == nil
            && script.submit((9, read)) == [.failed(9, .closed)]
    }

    @Test func `Before anything has happened`() {
        var script = Script()
        #expect(script.close() == [.closed])
        #expect(Self.isClosed(script))
    }

    @Test func `Without a session there is nothing to end`() {
        var script = Script()
        _ = script.start()
        #expect(script.close() == [.disconnect(1), .closed])
        #expect(Self.isClosed(script))
        script = Script()
        _ = script.start()
        _ = script.open()
        #expect(script.close() == [.disconnect(1), .closed])
        #expect(Self.isClosed(script))
        script = Script()
        _ = script.start()
        for _ in 0..<3 { _ = script.end() }
        #expect(script.close() == [.closed])
        #expect(Self.isClosed(script))
    }

    @Test func `The session is ended, and what waits for an answer has none`() {
        var script = Script()
        script.attach()
        _ = script.submit((1, Self.read), (2, Self.read))
        #expect(script.close() == [.failed(1, .closed), .failed(2, .closed), .sent(3, .closeSession)])
        #expect(script.close().isEmpty)
        #expect(script.submit((3, Self.read)) == [.failed(3, .closed)])
        // Answers to those come first.
        #expect(script.reply(1, .noNode).isEmpty && script.reply(2, .noNode).isEmpty)
        #expect(script.reply(3) == [.disconnect(1), .closed])
        #expect(Self.isClosed(script))
    }

    @Test func `Whoever waits for a watch is told`() {
        var script = Script()
        script.attach()
        _ = script.submit(1, .getData(path: "/a", watch: true), "me")
        _ = script.reply(1) {
            $0.writeJute([UInt8]()); $0.writeStat()
        }
        _ = script.close()
        #expect(script.reply(2) == [.disconnect(1), .notify("me", nil), .closed])
    }

    @Test func `Without a connection there is one more to end the session`() {
        var script = Script()
        script.attach()
        _ = script.end()
        #expect(script.close().isEmpty)
        #expect(script.wake() == [.connect(1, connection: 2)])
        #expect(script.submit((1, Self.read)) == [.failed(1, .closed)])
        _ = script.open()
        #expect(script.greet() == [.sent(1, .closeSession)])
        #expect(script.reply(1) == [.disconnect(2), .closed])
        #expect(Self.isClosed(script))
    }

    @Test func `Also while that one is being made`() {
        for isOpen in [false, true] {
            var script = Script()
            script.attach()
            _ = script.end()
            _ = script.wake()
            if isOpen { _ = script.open() }
            #expect(script.close().isEmpty)
            if !isOpen { _ = script.open() }
            #expect(script.greet() == [.sent(1, .closeSession)])
        }
    }

    @Test func `The session turns out to be over`() {
        var script = Script()
        script.attach()
        _ = script.reconnect()
        _ = script.close()
        #expect(script.deny() == [.disconnect(2), .expired(77), .closed])
        #expect(Self.isClosed(script))
    }

    @Test func `A session that was given up is ended as well`() {
        var script = Script()
        script.attach()
        _ = script.lapse()
        while true {
            if case .connecting = script.machine.phase { break }
            _ = script.wake()
        }
        #expect(script.close().isEmpty)
        _ = script.open()
        #expect(script.greet() == [.sent(1, .closeSession)])
        #expect(script.reply(1) == [.disconnect(script.machine.connection), .closed])
    }

    @Test func `Also if that is under way already`() {
        var script = Script()
        script.attach()
        _ = script.lapse()
        while true {
            if case .connecting = script.machine.phase { break }
            _ = script.wake()
        }
        _ = script.open()
        #expect(script.greet() == [.sent(1, .closeSession)])
        #expect(script.close().isEmpty)
        #expect(script.reply(1) == [.disconnect(script.machine.connection), .closed])
        #expect(Self.isClosed(script))
    }

    @Test func `It is tried again while there is time, if no server has said that the session is over`() {
        let endings: [(inout Script) -> [SessionLine]] = [
            { $0.end() }, { $0.garbage() }, { $0.receive { $0.writeJute(Int32(1)) } },
        ]
        for ending in endings {
            var script = Script()
            script.attach()
            _ = script.close()
            #expect(ending(&script).last == .connect(1, connection: 2))
            _ = script.open()
            #expect(script.greet() == [.sent(2, .closeSession)])
            #expect(script.reply(2) == [.disconnect(2), .closed])
            #expect(Self.isClosed(script))
        }
    }

    @Test func `After two seconds it is over in any case`() {
        var script = Script()
        script.attach()
        _ = script.close()
        var lines: [SessionLine] = []
        while let wake = script.nextWake, wake <= 10_000 { lines += script.wake() }
        #expect(script.now == 2_000 && lines.suffix(1) == [.closed])
        #expect(Self.isClosed(script))
        script = Script()
        script.attach()
        _ = script.end()
        _ = script.close()
        lines = []
        while let wake = script.nextWake, wake <= 10_000 {
            lines += script.wake()
            if case .connecting = script.machine.phase { lines += script.end() }
        }
        #expect(script.now == 2_000 && lines.last == .closed && lines.filter { $0 == .closed }.count == 1)
        #expect(Self.isClosed(script))
    }
}
