import DistributedLocks
import Testing

@testable import ZooKeeperLocks

@Suite struct SessionKeepAliveTests {
    private typealias Script = SessionScript

    private static let read = Operation.exists(path: "/a")

    // MARK: Pings

    @Test func `A ping goes out after a tenth of the timeout, and then after each`() {
        var script = Script()
        script.attach()
        #expect(script.nextWake == 1_000)
        script.wait(999)
        #expect(script.tick().isEmpty)
        for second in 1...5 {
            #expect(script.wake() == [.ping] && script.now == second * 1_000)
            #expect(script.reply(Xid.ping).isEmpty)
        }
    }

    @Test func `None does while requests do`() {
        var script = Script()
        script.attach()
        for request in 1...50 {
            script.wait(900)
            #expect(script.tick().isEmpty)
            _ = script.submit((request, Self.read))
            #expect(script.nextWake == script.now + 1_000)
            _ = script.reply(Int32(request), .noNode)
        }
    }

    @Test func `None does while one is not answered`() {
        var script = Script()
        script.attach()
        #expect(script.wake() == [.ping])
        #expect(script.nextWake == 4_334)
        script.wait(1_500)
        #expect(script.tick().isEmpty)
        _ = script.reply(Xid.ping)
        #expect(script.tick() == [.ping])
    }

    @Test func `The answer to a ping is not one to a request, and the other way round`() {
        var script = Script()
        script.attach()
        _ = script.submit((1, Self.read))
        script.wait(1_000)
        #expect(script.tick() == [.ping])
        _ = script.reply(Xid.ping)
        #expect(script.nextWake == 2_000)
        script.wait(1_000)
        #expect(script.tick() == [.ping])
        _ = script.reply(1, .noNode)
        #expect(script.nextWake == 2_000 + 3_334)
    }

    // MARK: Patience

    @Test func `A server that owes the answer to a ping for a third of the timeout is left`() {
        var script = Script()
        script.attach()
        _ = script.wake()
        script.now = 4_333
        #expect(script.tick().isEmpty)
        #expect(script.wake() == [.disconnect(1), .detached] && script.now == 4_334)
        #expect(script.wake() == [.connect(1, connection: 2)])
    }

    @Test func `So is one that owes the answer to a request, although it answers pings`() {
        var script = Script()
        script.attach()
        _ = script.submit((1, Self.read), (2, Self.read))
        _ = script.reply(1, .noNode)
        for _ in 1...3 {
            #expect(script.wake() == [.ping])
            _ = script.reply(Xid.ping)
        }
        #expect(script.wake() == [.disconnect(1), .failed(2, .unanswered("")), .detached] && script.now == 3_334)
    }

    @Test func `Of a request and a ping the older one counts`() {
        var script = Script()
        script.attach()
        _ = script.submit((1, Self.read))
        #expect(script.wake() == [.ping] && script.nextWake == 3_334)
        _ = script.reply(1, .noNode)
        _ = script.submit((2, Self.read))
        #expect(script.nextWake == 1_000 + 3_334)
    }

    @Test func `It is the oldest answer that counts`() {
        var script = Script()
        script.attach()
        for request in 1...40 {
            _ = script.submit((request, Self.read))
            script.wait(100)
            #expect(script.tick().isEmpty)
            if request > 30 { _ = script.reply(Int32(request - 30), .noNode) }
        }
        #expect(script.nextWake == 1_000 + 3_334)
    }

    // MARK: Silence

    @Test func `A session of which nothing was heard for four thirds of its timeout is given up`() {
        var script = Script()
        script.attach()
        _ = script.submit(1, .getData(path: "/a", watch: true), "me")
        _ = script.reply(1, zxid: 50) {
            $0.writeJute([UInt8]()); $0.writeStat()
        }
        script.wait(1_000)
        _ = script.tick()
        _ = script.reply(Xid.ping)
        let lines = script.lapse()
        #expect(script.now == 1_000 + 13_334)
        #expect(lines.contains(.expired(77)) && lines.contains(.notify("me", nil)))
        #expect(script.machine.proof == nil && script.machine.lastZxid == 0)
        // Once.
        for _ in 0..<20 {
            var more = script.wake()
            if case .connecting = script.machine.phase { more += script.end() }
            #expect(!more.contains(.expired(77)))
        }
    }

    @Test func `It is looked at then, also if no attempt ends at that time`() {
        var options = Script.options
        options.attemptTimeout = .seconds(60)
        for isOpen in [false, true] {
            var script = Script(options)
            script.attach()
            _ = script.end()
            _ = script.wake()
            if isOpen { _ = script.open() }
            #expect(script.nextWake == 13_334)
            #expect(script.wake() == [.expired(77)])
            #expect(script.nextWake ?? 0 > 50_000)
        }
    }

    @Test func `On a connection that hangs it is given up as well`() {
        var script = Script()
        script.attach()
        _ = script.submit((1, Self.read))
        script.wait(20_000)
        #expect(script.tick() == [.disconnect(1), .failed(1, .unanswered("")), .detached, .expired(77)])
    }

    // MARK: What is left of a session that was given up

    private static func lapsed() -> Script {
        var script = Script()
        script.attach()
        _ = script.submit((1, read))
        _ = script.reply(1, .noNode, zxid: 50)
        _ = script.lapse()
        _ = script.end()
        while true {
            if case .connecting = script.machine.phase { break }
            _ = script.wake()
        }
        return script
    }

    private static let greeting = SessionLine.greeting(
        77,
        password: SessionScript.password(77),
        zxid: 0,
        timeout: 10_000
    )

    @Test func `If it is over, there is a new one`() {
        var script = Self.lapsed()
        #expect(script.open() == [Self.greeting])
        let connection = script.machine.connection
        let lines = script.deny()
        #expect(lines == [.disconnect(connection), .connect(script.machine.server, connection: connection + 1)])
        _ = script.open()
        #expect(
            script.greet(78).contains(
                .attached(SessionInfo(id: 78, timeout: .seconds(10), isNew: true, server: script.machine.server))
            )
        )
    }

    @Test func `If it lives, it is ended before there is a new one`() {
        var script = Self.lapsed()
        _ = script.open()
        #expect(script.greet() == [.sent(2, .closeSession)])
        #expect(script.machine.proof == nil)
        #expect(script.submit((5, Self.read)) == [.failed(5, .notSent(""))])
        // Whatever else arrives does not matter.
        #expect(script.event(1, "/a").isEmpty && script.reply(1).isEmpty)
        let connection = script.machine.connection
        #expect(
            script.reply(2) == [.disconnect(connection), .connect(script.machine.server, connection: connection + 1)]
        )
        guard case .greeting(0, _, 0, _)? = script.open().first else { Issue.record("not a new session"); return }
    }

    @Test func `It is not known to be over before a server has said so`() {
        let endings: [(inout Script) -> [SessionLine]] = [
            { $0.end() }, { $0.garbage() }, { $0.receive { $0.writeJute(Int32(1)) } },
            {
                $0.wait(5_000); return $0.tick()
            },
        ]
        for ending in endings {
            var script = Self.lapsed()
            _ = script.open()
            _ = script.greet()
            #expect(ending(&script).contains { if case .attemptFailed = $0 { true } else { false } })
            while true {
                if case .connecting = script.machine.phase { break }
                _ = script.wake()
            }
            #expect(script.open() == [Self.greeting])
            #expect(script.greet() == [.sent(3, .closeSession)])
        }
    }

    @Test func `A server that gives it another number has no session of ours`() {
        var script = Self.lapsed()
        _ = script.open()
        let info = SessionInfo(id: 78, timeout: .seconds(10), isNew: true, server: script.machine.server)
        #expect(script.greet(78) == [.attached(info)])
        #expect(script.machine.session?.isGivenUp == false && script.machine.proof != nil)
    }

    @Test func `Its user has been told, and is not told again when it is over`() {
        var script = Self.lapsed()
        _ = script.open()
        #expect(!script.deny().contains(.expired(77)))
        #expect(!script.end().contains(.expired(77)))
    }
}
