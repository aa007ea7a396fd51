import DistributedLocks
import Testing

@testable import ZooKeeperLocks

@Suite struct SessionRequestTests {
    private typealias Script = SessionScript

    private static let read = Operation.exists(path: "/a")
    private static let write = Operation.delete(path: "/a")

    /// Whether the connection is over because of what has arrived.
    private static func isNonsense(_ lines: [SessionLine], _ script: Script, failing requests: Int...) -> Bool {
        let failed = requests.map { SessionLine.failed($0, .unanswered("")) }
        guard case .pausing = script.machine.phase else { return false }
        return lines == [.disconnect(1)] + failed + [.detached]
    }

    // MARK: Numbers

    @Test func `Requests have numbers, and are answered in their order`() {
        var script = Script()
        script.attach()
        #expect(script.submit((11, Self.read), (12, Self.write)) == [.sent(1, .exists), .sent(2, .delete)])
        #expect(script.submit((13, .sync(path: "/"))) == [.sent(3, .sync)])
        #expect(
            script.reply(1, zxid: 8) { $0.writeStat(czxid: 5) } == [
                .answered(11, .success(.stat(Stat(czxid: 5))), session: 77)
            ]
        )
        #expect(script.reply(2, .noNode, zxid: 9) == [.answered(12, .failure(.noNode), session: 77)])
        #expect(script.machine.lastZxid == 9)
        #expect(script.reply(3, zxid: 7) { $0.writeJute("/") } == [.answered(13, .success(.done), session: 77)])
        #expect(script.machine.lastZxid == 9)
    }

    @Test func `Numbers do not begin anew with a connection or a session`() {
        var script = Script()
        script.attach()
        _ = script.submit((1, Self.read), (2, Self.read))
        _ = script.reconnect()
        _ = script.greet()
        #expect(script.submit((3, Self.read)) == [.sent(3, .exists)])
        _ = script.reconnect()
        _ = script.greet(78)
        #expect(script.submit((4, Self.read)) == [.sent(4, .exists)])
        #expect(script.close().last == .sent(5, .closeSession))
    }

    @Test func `After the largest number comes the first, and never a negative one`() {
        var script = Script()
        script.attach()
        script.machine.xid = Xid(after: .max - 2)
        #expect(
            script.submit((1, Self.read), (2, Self.read), (3, Self.read)) == [
                .sent(.max - 1, .exists), .sent(.max, .exists), .sent(1, .exists),
            ]
        )
        for (request, xid) in [(1, Int32.max - 1), (2, .max), (3, 1)] {
            #expect(script.reply(xid, .noNode) == [.answered(request, .failure(.noNode), session: 77)])
        }
    }

    // MARK: Answers that are wrong

    @Test(arguments: [2, 0, 7, -3, Int32.max])
    func `An answer that is not in turn ends the connection`(_ xid: Int32) {
        var script = Script()
        script.attach()
        _ = script.submit((1, Self.read), (2, Self.read))
        let lines = script.reply(xid) { $0.writeStat() }
        #expect(Self.isNonsense(lines, script, failing: 1, 2))
    }

    @Test func `An answer that nobody waits for ends the connection`() {
        var script = Script()
        script.attach()
        let lines = script.reply(1) { $0.writeStat() }
        #expect(Self.isNonsense(lines, script))
    }

    @Test func `An answer that is too short or too long ends the connection`() {
        var script = Script()
        script.attach()
        _ = script.submit((1, Self.read), (2, Self.read))
        var lines = script.reply(1)
        #expect(Self.isNonsense(lines, script, failing: 1, 2))
        script = Script()
        script.attach()
        _ = script.submit((1, Self.read))
        lines = script.reply(1) {
            $0.writeStat(); $0.writeJute(true)
        }
        #expect(Self.isNonsense(lines, script, failing: 1))
        script = Script()
        script.attach()
        lines = script.receive { $0.writeJute(Int32(1)) }
        #expect(Self.isNonsense(lines, script))
        #expect(script.machine.proof != nil && script.machine.session?.id == 77)
    }

    @Test func `Bytes that are no frames end the connection, and once`() {
        var script = Script()
        script.attach()
        _ = script.submit((1, Self.read))
        let lines = script.garbage()
        #expect(Self.isNonsense(lines, script, failing: 1))
        // What else was on its way does not matter any more.
        #expect(script.garbage().isEmpty && script.reply(1).isEmpty && script.end().isEmpty)
        guard case .pausing = script.machine.phase else { Issue.record("it goes on at once"); return }
    }

    @Test func `The answer to a ping that was not sent does no harm`() {
        var script = Script()
        script.attach()
        #expect(
            script.reply(Xid.ping).isEmpty && script.reply(Xid.setWatches).isEmpty && script.reply(Xid.auth).isEmpty
        )
        guard case .attached = script.machine.phase else { Issue.record("not attached"); return }
    }

    @Test(arguments: [
        ServerError.sessionExpired, .unknownSession, .sessionMoved, .authFailed, .sessionClosedRequireSASL,
    ])
    func `Errors that say that the connection is of no use`(_ error: ServerError) {
        var script = Script()
        script.attach()
        _ = script.submit((1, Self.write), (2, Self.write))
        let lines = script.reply(1, error)
        // Whoever is not wanted does not ask again.
        let first =
            error.isDenial ? SessionLine.answered(1, .failure(error), session: 77) : .failed(1, .notSent(""))
        #expect(lines == [first, .disconnect(1), .failed(2, .unanswered("")), .detached])
        #expect(script.machine.proof?.lastConfirmed == .at(0))
        #expect(script.wake() == [.connect(1, connection: 2)])
    }

    // MARK: What cannot be sent

    @Test func `Without a connection nothing is sent`() {
        var script = Script()
        let failed = [SessionLine.failed(1, .notSent("")), .failed(2, .notSent(""))]
        #expect(script.submit((1, Self.read), (2, Self.read)) == failed)
        _ = script.start()
        #expect(script.submit((1, Self.read), (2, Self.read)) == failed)
        _ = script.open()
        #expect(script.submit((1, Self.read), (2, Self.read)) == failed)
        _ = script.greet()
        #expect(script.end() == [.detached])
        #expect(script.submit((1, Self.read), (2, Self.read)) == failed)
    }

    @Test func `The connection ends while answers are missing`() {
        var script = Script()
        script.attach()
        _ = script.submit((1, Self.write), (2, Self.read))
        #expect(script.end() == [.failed(1, .unanswered("")), .failed(2, .unanswered("")), .detached])
    }

    @Test func `Too many requests at a time`() {
        var options = Script.options
        options.maximumRequests = 2
        var script = Script(options)
        script.attach()
        #expect(
            script.submit((1, Self.read), (2, Self.read), (3, Self.read))
                == [.failed(3, .refused("")), .sent(1, .exists), .sent(2, .exists)]
        )
        #expect(script.submit((4, Self.read)) == [.failed(4, .refused(""))])
        _ = script.reply(1, .noNode)
        #expect(script.submit((5, Self.read)) == [.sent(3, .exists)])
    }

    @Test func `A request that is too large is refused, and the others are sent`() {
        var options = Script.options
        options.maximumRequestLength = 100
        var script = Script(options)
        script.attach()
        // Header, length of the path, path, no watch.
        func exists(_ length: Int) -> Operation { .exists(path: "/" + String(repeating: "a", count: length - 14)) }
        let lines = script.submit((1, Self.read), (2, exists(101)), (3, exists(100)))
        #expect(lines.contains(.failed(2, .refused(""))))
        #expect(lines.count == 3 && !lines.contains(.odd))
        let sent = lines.compactMap { if case .sent(let xid, _) = $0 { xid } else { nil } }
        #expect(sent.count == 2)
        for (request, xid) in zip([1, 3], sent) {
            #expect(script.reply(xid, .noNode) == [.answered(request, .failure(.noNode), session: 77)])
        }
    }

    @Test func `If nothing is sent, the time of the last request stays`() {
        var options = Script.options
        options.maximumRequestLength = 20
        var script = Script(options)
        script.attach()
        script.wait(900)
        #expect(script.submit((1, .exists(path: "/a/very/long/path"))) == [.failed(1, .refused(""))])
        #expect(script.nextWake == 1_000)
    }

    // MARK: Paths

    @Test func `Paths are below the chroot, if they are not absolute`() {
        var options = Script.options
        options.chroot = Chroot("/app")
        var script = Script(options)
        script.attach()
        let create = Operation.create(path: "/a", mode: .persistent)
        let requests = [false, true].map { Script.Machine.Submission(operation: create, request: 1, isAbsolute: $0) }
        guard case .write(let bytes)? = script.machine.submit(requests, at: .at(0)).first else {
            Issue.record("nothing"); return
        }
        let frames = Framing(bytes.bytes).frames
        #expect(frames.map { $0.contains(counted(Array("/app/a".utf8))) } == [true, false])
        #expect(frames.map { $0.contains(counted(Array("/a".utf8))) } == [false, true])
        let replies = (1...2).map { xid in
            script.reply(Int32(xid)) {
                $0.writeJute("/app/a"); $0.writeStat()
            }
        }
        #expect(
            replies
                == ["/a", "/app/a"].map { [.answered(1, .success(.created(path: $0, Stat(czxid: 5))), session: 77)] }
        )
    }

    // MARK: What answers prove

    @Test func `Only transactions that the leader has answered confirm the session`() {
        let cases: [(Operation, ServerError, Bool)] = [
            (Self.read, .noNode, false), (.getChildren(path: "/"), .noNode, false), (Self.write, .ok, true),
            (Self.write, .noNode, true), (Self.write, .badVersion, true), (Self.write, .throttled, false),
            (Self.write, .noAuth, false), (Self.write, .marshallingError, false), (Self.write, .unimplemented, false),
            (.create(path: "/a", mode: .persistent), .nodeExists, true), (.sync(path: "/"), .noNode, false),
        ]
        for (operation, error, isConfirmed) in cases {
            var script = Script()
            script.attach()
            script.wait(4_000)
            _ = script.submit((1, operation))
            script.wait(10)
            _ = script.reply(1, error)
            #expect(script.machine.proof?.lastConfirmed == .at(isConfirmed ? 4_000 : 0), "\(operation) \(error)")
        }
    }

    @Test func `Pings and reads are bases, and two transactions extend the proof`() {
        var script = Script()
        script.attach()
        script.wait(1_000)
        #expect(script.tick() == [.ping])
        script.wait(10)
        _ = script.reply(Xid.ping)
        script.wait(4_000)
        for request in 1...2 {
            _ = script.submit((request, Self.write))
            script.wait(5)
            _ = script.reply(Int32(request))
        }
        #expect(script.machine.proof?.deadline == .at(1_000 + 9_898))
        #expect(script.machine.proof?.lastConfirmed == .at(5_015))
    }
}
