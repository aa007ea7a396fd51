import DistributedLocks
import Testing

@testable import ZooKeeperLocks

@Suite struct SessionHandshakeTests {
    private typealias Script = SessionScript

    private static let nobody = [UInt8](repeating: 0, count: ConnectRequest.passwordLength)

    private static func info(
        _ id: Int64 = 77,
        timeout: Duration = .seconds(10),
        isNew: Bool = true,
        server: Int = 0
    ) -> SessionLine {
        .attached(SessionInfo(id: id, timeout: timeout, isNew: isNew, server: server))
    }

    // MARK: The first connection

    @Test func `Nothing happens before somebody wants to use the session`() {
        var script = Script()
        #expect(script.nextWake == nil && script.tick().isEmpty)
        #expect(script.start() == [.connect(0, connection: 1)])
        #expect(script.start().isEmpty)
    }

    @Test func `A new session is asked for, and granted`() {
        var script = Script()
        _ = script.start()
        #expect(script.open() == [.greeting(0, password: Self.nobody, zxid: 0, timeout: 10_000)])
        #expect(script.greet(77, timeout: 4_000) == [Self.info(timeout: .seconds(4))])
        #expect(script.machine.times.timeout == .seconds(4) && script.machine.lastZxid == 0)
    }

    @Test func `What was granted decides about everything`() {
        var script = Script()
        script.attach(timeout: 4_000)
        #expect(script.machine.times.pingInterval == .milliseconds(400))
        #expect(script.machine.times.patience == .seconds(4) / 3)
        #expect(script.machine.proof?.deadline == .at(4_000 - 42))
    }

    @Test func `A timeout that does not fit into the handshake`() {
        var options = Script.options
        options.timeout = .seconds(10_000_000)
        var script = Script(options)
        _ = script.start()
        #expect(script.open() == [.greeting(0, password: Self.nobody, zxid: 0, timeout: .max)])
    }

    @Test func `Events of connections that do not count`() {
        var script = Script()
        script.attach()
        #expect(
            script.open(1) == [.disconnect(1)] && script.open(0) == [.disconnect(0)]
                && script.open(2) == [.disconnect(2)]
        )
        #expect(script.end(0).isEmpty && script.end(2).isEmpty && script.garbage(on: 0).isEmpty)
        #expect(script.greet(78, on: 0).isEmpty && script.reply(1, on: 2).isEmpty)
        guard case .attached = script.machine.phase else { Issue.record("not attached"); return }
    }

    // MARK: The next connection

    @Test func `The session goes on on another server`() {
        var script = Script()
        script.attach()
        _ = script.submit((1, .sync(path: "/")))
        _ = script.reply(1, zxid: 0x1_0000_0005) { $0.writeJute("/") }
        #expect(script.end() == [.detached])
        #expect(script.wake() == [.connect(1, connection: 2)])
        #expect(script.open() == [.greeting(77, password: Script.password(77), zxid: 0x1_0000_0005, timeout: 10_000)])
        #expect(script.greet() == [Self.info(isNew: false, server: 1)])
    }

    @Test func `The smallest timeout that was granted to a session counts`() {
        var script = Script()
        script.attach(timeout: 8_000)
        _ = script.reconnect()
        #expect(script.greet(timeout: 6_000) == [Self.info(timeout: .seconds(6), isNew: false, server: 1)])
        _ = script.reconnect()
        #expect(script.greet(timeout: 9_000) == [Self.info(timeout: .seconds(6), isNew: false, server: 2)])
        _ = script.reconnect()
        #expect(script.greet(78, timeout: 9_000) == [.expired(77), Self.info(78, timeout: .seconds(9), server: 0)])
    }

    @Test func `Another number than that of our session is the end of it`() {
        var script = Script()
        script.attach()
        _ = script.submit(1, .getData(path: "/a", watch: true), "me")
        _ = script.reply(1, zxid: 50) {
            $0.writeJute([UInt8]()); $0.writeStat()
        }
        _ = script.reconnect()
        #expect(script.greet(78) == [.expired(77), .notify("me", nil), Self.info(78, server: 1)])
        #expect(script.machine.lastZxid == 0)
        #expect(script.reconnect() == [.greeting(78, password: Script.password(78), zxid: 0, timeout: 10_000)])
    }

    @Test func `The session is over, and there is a new one at once`() {
        var script = Script()
        script.attach()
        _ = script.submit(1, .getData(path: "/a", watch: true), "me")
        _ = script.reply(1, zxid: 50) {
            $0.writeJute([UInt8]()); $0.writeStat()
        }
        _ = script.reconnect()
        #expect(script.deny() == [.disconnect(2), .expired(77), .notify("me", nil), .connect(1, connection: 3)])
        #expect(script.machine.proof == nil)
        #expect(script.open() == [.greeting(0, password: Self.nobody, zxid: 0, timeout: 10_000)])
        #expect(script.greet(78) == [Self.info(78, server: 1)])
    }

    @Test func `A server that grants no session is none`() {
        var script = Script()
        _ = script.start()
        _ = script.open()
        #expect(script.deny() == [.disconnect(1), .attemptFailed(everywhere: false), .connect(1, connection: 2)])
    }

    @Test func `A server that cannot write is none, whatever it says`() {
        var script = Script()
        script.attach()
        _ = script.reconnect()
        #expect(
            script.greet(isReadOnly: true) == [
                .disconnect(2), .attemptFailed(everywhere: false), .connect(2, connection: 3),
            ]
        )
        _ = script.open()
        #expect(
            script.greet(0, timeout: 0, isReadOnly: true)
                == [.disconnect(3), .attemptFailed(everywhere: false), .connect(0, connection: 4)]
        )
        _ = script.open()
        #expect(script.greet() == [Self.info(isNew: false)])
    }

    @Test func `A handshake whose answer is no answer`() {
        var script = Script()
        _ = script.start()
        _ = script.open()
        #expect(
            script.receive { $0.writeJute(Int32(0)) }
                == [.disconnect(1), .attemptFailed(everywhere: false), .connect(1, connection: 2)]
        )
        _ = script.open()
        #expect(script.garbage() == [.disconnect(2), .attemptFailed(everywhere: false), .connect(2, connection: 3)])
    }

    // MARK: Servers that cannot be reached

    @Test func `One after the other is tried, and there is a pause after all of them`() {
        var script = Script()
        _ = script.start()
        #expect(script.end() == [.attemptFailed(everywhere: false), .connect(1, connection: 2)])
        _ = script.open()
        #expect(script.end() == [.attemptFailed(everywhere: false), .connect(2, connection: 3)])
        #expect(script.end() == [.attemptFailed(everywhere: true)])
        #expect(script.nextWake == 25)
        #expect(script.wake() == [.connect(0, connection: 4)])
        #expect(script.end() == [.attemptFailed(everywhere: true), .connect(1, connection: 5)])
    }

    @Test func `Each step of an attempt has its time`() {
        var script = Script()
        _ = script.start()
        #expect(script.nextWake == 1_000)
        script.wait(999)
        #expect(script.tick().isEmpty)
        let next: [SessionLine] = [.disconnect(1), .attemptFailed(everywhere: false), .connect(1, connection: 2)]
        #expect(script.wake() == next && script.now == 1_000)
        #expect(script.open(1) == [.disconnect(1)])
        script.wait(600)
        _ = script.open()
        #expect(script.nextWake == 2_600)
        #expect(script.wake() == [.disconnect(2), .attemptFailed(everywhere: false), .connect(2, connection: 3)])
    }

    @Test func `Pauses become longer, up to an eighth of the session timeout, and short again after a success`() {
        func pauses(_ timeout: Duration, jitter: UInt64) -> [Int] {
            var options = Script.options
            (options.servers, options.timeout) = (1, timeout)
            var script = Script(options, jitter: jitter)
            _ = script.start()
            return (0..<8).map { _ in
                _ = script.end()
                let start = script.now
                _ = script.wake()
                return script.now - start
            }
        }
        #expect(pauses(.seconds(80), jitter: .max) == [50, 100, 200, 400, 800, 1_000, 1_000, 1_000])
        #expect(pauses(.seconds(4), jitter: .max) == [50, 100, 200, 400, 500, 500, 500, 500])
        #expect(pauses(.seconds(4), jitter: 0) == [0, 0, 0, 0, 0, 0, 0, 0])
        var script = Script(jitter: .max)
        script.attach()
        for _ in 0..<5 {
            _ = script.end()
            #expect(script.nextWake == script.now + 50)
            _ = script.wake()
            _ = script.open()
            _ = script.greet()
        }
    }

    @Test func `A server that has gone is not the first that is tried`() {
        var script = Script()
        script.attach()
        for server in [1, 2, 0, 1] {
            _ = script.end()
            #expect(script.wake() == [.connect(server, connection: script.machine.connection)])
            _ = script.open()
            _ = script.greet()
        }
    }

    // MARK: The proof

    @Test func `A handshake that was not answered may be the one that is answered now`() {
        var script = Script()
        script.attach()
        script.wait(1_000)
        _ = script.reconnect()
        let first = script.now
        script.wait(500)
        _ = script.end()
        script.wait(100)
        _ = script.open()
        // A server without a leader knows nothing about it.
        _ = script.greet(isReadOnly: true)
        script.wait(100)
        _ = script.open()
        _ = script.greet()
        #expect(script.machine.proof?.deadline == .at(first + 9_898))
        script.wait(1_000)
        _ = script.reconnect()
        _ = script.greet()
        #expect(script.machine.proof?.deadline == .at(script.now + 9_898))
    }

    @Test func `A new session begins with its own handshake, however long servers did not answer before`() {
        var script = Script()
        _ = script.start()
        for _ in 0..<40 {
            _ = script.open()
            script.wait(500)
            _ = script.end()
            if case .pausing = script.machine.phase { _ = script.wake() }
        }
        _ = script.open()
        script.wait(30)
        _ = script.greet()
        #expect(script.machine.proof?.deadline == .at(script.now - 30 + 9_898))
        // It is not given up a moment later.
        script.wait(500)
        #expect(script.tick().isEmpty)
        #expect(script.wake() == [.ping])
    }

    @Test func `A session that goes on after long is not given up a moment later`() {
        var script = Script()
        script.attach()
        _ = script.reconnect()
        for _ in 0..<13 {
            script.wait(990)
            _ = script.end()
            if case .pausing = script.machine.phase { _ = script.wake() }
            _ = script.open()
        }
        #expect(script.now > 12_000)
        #expect(script.greet() == [Self.info(isNew: false, server: script.machine.server)])
        #expect(script.wake() == [.ping])
        #expect(script.now > 13_334)
    }

    @Test func `What was answered on another connection is no base for a proof`() {
        var script = Script()
        script.attach()
        script.wait(1_000)
        _ = script.submit((1, .exists(path: "/")))
        _ = script.reply(1) { $0.writeStat() }
        _ = script.reconnect()
        let sent = script.now
        _ = script.greet()
        // A transaction that could use the old base, but not the new handshake.
        script.wait(3_330)
        _ = script.submit((2, .delete(path: "/a")))
        _ = script.reply(2)
        #expect(script.machine.proof?.deadline == .at(sent + 9_898))
        #expect(script.machine.proof?.lastConfirmed == .at(sent + 3_330))
    }

    // MARK: Credentials

    private static let secret = Array("me:secret".utf8)

    private static func withCredentials() -> Script {
        var options = Script.options
        options.credentials = [.init(scheme: "digest", secret: secret)]
        return Script(options, jitter: .max)
    }

    @Test func `Credentials are sent first, on each connection`() {
        var script = Self.withCredentials()
        _ = script.start()
        _ = script.open()
        #expect(script.greet() == [.auth("digest", Self.secret)])
        #expect(script.reply(Xid.auth, zxid: 0) == [Self.info()])
        _ = script.submit(1, .getData(path: "/a", watch: true), "me")
        _ = script.reply(1, zxid: 50) {
            $0.writeJute([UInt8]()); $0.writeStat()
        }
        _ = script.reconnect()
        let watches = SessionLine.setWatches(since: 50, WatchPaths(data: ["/a"]))
        #expect(script.greet() == [.auth("digest", Self.secret), watches])
        #expect(script.reply(Xid.auth, zxid: 0) == [Self.info(isNew: false, server: 1)])
    }

    @Test func `Credentials that are not accepted`() {
        var script = Self.withCredentials()
        script.attach()
        #expect(script.reply(Xid.auth, .authFailed) == [.disconnect(1), .denied(everywhere: true)])
    }

    @Test func `Credentials that are never answered, though pings are`() {
        var script = Self.withCredentials()
        _ = script.start()
        _ = script.open()
        _ = script.greet()
        let start = script.now
        for _ in 0..<3 {
            #expect(script.wake() == [.ping])
            #expect(script.reply(Xid.ping) == [])
        }
        #expect(script.wake() == [.disconnect(1), .attemptFailed(everywhere: false)])
        #expect(script.now == start + 3_334)
    }

    @Test func `Whoever is not accepted waits longer and longer, though sessions are granted`() {
        var script = Self.withCredentials()
        _ = script.start()
        var pauses: [Int] = []
        for _ in 0..<4 {
            _ = script.open()
            _ = script.greet()
            _ = script.reply(Xid.auth, .authFailed)
            let start = script.now
            _ = script.wake()
            pauses.append(script.now - start)
        }
        #expect(pauses == [50, 100, 200, 400])
        _ = script.open()
        _ = script.greet()
        _ = script.reply(Xid.auth)
        _ = script.end()
        #expect(script.nextWake == script.now + 50)
    }
}
