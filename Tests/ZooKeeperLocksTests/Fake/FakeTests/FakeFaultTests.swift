import DistributedLocks
import NIOCore
import Testing

@testable import ZooKeeperLocks

@Suite struct FakeFaultTests {
    private static let write = Operation.create(path: "/a", mode: .persistent)

    /// What a fault does: what the client is told, and whether the request is carried out.
    static let cases: [(FakeFault.Action, [FakeClient.Line], Bool)] = [
        (.cutBefore, [.closed], false), (.cutAfter, [.closed], true), (.swallow, [], false), (.mute, [], true),
        (.fail(.throttled), [.error(1, .throttled)], false),
    ]

    @Test(arguments: cases.indices)
    func `Each fault`(_ index: Int) {
        let (action, lines, isDone) = Self.cases[index]
        let scene = FakeScene()
        let client = scene.client()
        scene.zooKeeper.faults = [FakeFault(action: action, code: .create2)]
        #expect(scene.lines(client, Self.write) == lines)
        #expect((scene.zooKeeper.head.node("/a") != nil) == isDone)
        if action == .mute {
            #expect(scene.lines(client, .exists(path: "/a")).isEmpty)
        } else {
            client.connect()
            #expect(scene.lines(client, .exists(path: "/a")).count == 2)
        }
    }

    @Test func `A fault waits for its request`() {
        let scene = FakeScene()
        let (first, second) = (scene.client(), scene.client())
        scene.zooKeeper.faults = [
            FakeFault(action: .cutBefore, code: .getData, connection: second.connection, path: "/b", skip: 1)
        ]
        let reads: [(FakeClient, Operation)] = [
            (first, .getData(path: "/b")), (second, .exists(path: "/b")), (second, .getData(path: "/a")),
            (second, .getData(path: "/b")),
        ]
        for (client, operation) in reads { #expect(scene.lines(client, operation).first != .closed) }
        #expect(scene.lines(second, .getData(path: "/b")) == [.closed])
        #expect(scene.zooKeeper.faults.isEmpty)
    }

    @Test func `What goes wrong with handshakes`() {
        let scene = FakeScene()
        let client = scene.client()
        scene.zooKeeper.handshakeFaults = [.cutBefore, .cutAfter, .swallow, .forge(77)]
        let mine = client.session
        let expected: [[FakeClient.Line]] = [[.closed], [.closed], [], [.session(77, timeout: 4_000)]]
        for lines in expected {
            client.connect()
            #expect(scene.lines(client) == lines)
        }
        #expect(scene.zooKeeper.sessions.contains(mine))
    }

    @Test func `A connection that is stalled goes on later`() {
        let scene = FakeScene()
        let (client, other) = (scene.client(), scene.client())
        _ = scene.lines(client, .exists(path: "/a", watch: true))
        scene.zooKeeper.stall(connection: client.connection)
        #expect(scene.lines(client, .setData(path: "/a", data: [1])).isEmpty)
        _ = scene.lines(other, Self.write)
        #expect(scene.lines(client).isEmpty)
        scene.zooKeeper.resume(connection: client.connection)
        let lines = scene.lines(client)
        #expect(lines.first == .event(.created, "/a") && lines.count == 2)
    }

    @Test func `A leader that is stalled ends no session before it goes on`() {
        let scene = FakeScene(FakeOptions(servers: 2))
        let (client, other) = (scene.client(on: 1), scene.client(on: 0, timeout: 40_000))
        _ = scene.lines(client, .create(path: "/e", mode: .ephemeral))
        scene.zooKeeper.stall(server: 0)
        scene.wait(.seconds(20))
        client.control(.ping)
        #expect(scene.lines(client) == [.control(Xid.ping, .ok)])
        #expect(scene.lines(client, .delete(path: "/e")).isEmpty)
        #expect(scene.lines(other, .exists(path: "/e")).isEmpty)
        scene.zooKeeper.resume(server: 0, at: scene.instant)
        #expect(scene.lines(client).last == .closed)
        #expect(scene.lines(other) == [.error(1, .noNode)])
    }

    @Test func `A server that was killed comes back with everything`() {
        let scene = FakeScene()
        let client = scene.client()
        _ = scene.lines(client, .create(path: "/e", mode: .ephemeral))
        scene.wait(.seconds(5))
        scene.zooKeeper.kill(0)
        #expect(scene.lines(client) == [.closed])
        #expect(scene.zooKeeper.connect(to: 0) == nil)
        scene.wait(.seconds(30))
        scene.zooKeeper.restart(0)
        client.connect()
        #expect(scene.lines(client, .exists(path: "/e")).count == 2)
    }

    @Test func `After everything was lost, clients have seen more than there is`() {
        let scene = FakeScene()
        let client = scene.client()
        _ = scene.lines(client, Self.write)
        scene.zooKeeper.wipe()
        #expect(scene.lines(client) == [.closed])
        client.connect()
        #expect(scene.lines(client) == [.closed])
        client.connect(seen: 0)
        #expect(scene.lines(client) == [.expired, .closed])
        #expect(scene.zooKeeper.head.node("/a") == nil)
    }

    @Test func `An operator needs no permission`() throws {
        let scene = FakeScene()
        let client = scene.client()
        client.control(.auth(scheme: "digest", secret: Array("u:p".utf8)))
        _ = scene.lines(client, .create(path: "/a", access: [.creator], mode: .persistent))
        _ = scene.lines(client, .create(path: "/a/b", access: [.creator], mode: .ephemeral))
        _ = scene.lines(client, .getData(path: "/a/b", watch: true))
        _ = scene.lines(client, .getChildren(path: "/a", watch: true))
        try scene.zooKeeper.create("/a/stray")
        try scene.zooKeeper.delete("/a/b")
        #expect(scene.lines(client) == [.event(.childrenChanged, "/a"), .event(.deleted, "/a/b")])
        #expect(throws: ServerError.notEmpty) { try scene.zooKeeper.delete("/a") }
        #expect(throws: ServerError.noNode) { try scene.zooKeeper.delete("/a/b") }
    }

    @Test func `Numbers stick at their end; within a transaction they turn negative`() {
        let scene = FakeScene()
        let client = scene.client()
        _ = scene.lines(client, Self.write)
        scene.zooKeeper.setCounter("/a", .max - 1)
        let names = (0..<3).map { index in
            path(scene.lines(client, .create(path: "/a/\(index)-", mode: .ephemeralSequential)).first)
        }
        #expect(names == ["/a/0-2147483646", "/a/1-2147483647", "/a/2-2147483647"])
        let same = scene.lines(client, .create(path: "/a/2-", mode: .ephemeralSequential))
        #expect(same == [.error(5, .nodeExists)])
        let steps = (0..<3).map { MultiOperation.create(path: "/a/\($0)x", mode: .ephemeralSequential) }
        let made: [MultiResult] = [
            .created(path: "/a/0x2147483647"), .created(path: "/a/1x-2147483648"), .created(path: "/a/2x-2147483647"),
        ]
        #expect(scene.lines(client, .multi(steps)) == [.reply(6, .results(made))])
    }

    @Test func `Containers go when they have had children, and have none`() {
        let scene = FakeScene()
        let client = scene.client()
        for path in ["/old", "/new", "/full"] { _ = scene.lines(client, .create(path: path, mode: .container)) }
        for path in ["/old/a", "/full/a"] { _ = scene.lines(client, .create(path: path, mode: .ephemeral)) }
        _ = scene.lines(client, .delete(path: "/old/a"))
        _ = scene.lines(client, .getChildren(path: "/old", watch: true))
        scene.zooKeeper.reapContainers()
        #expect(scene.lines(client) == [.event(.deleted, "/old")])
        #expect(scene.zooKeeper.head.node("/new") != nil && scene.zooKeeper.head.node("/full") != nil)
        _ = scene.lines(client, .create(path: "/old", mode: .container))
        let again = scene.lines(client, .create(path: "/old/n-", mode: .ephemeralSequential)).first
        #expect(path(again) == "/old/n-0000000000")
    }

    @Test func `Bytes that are no frame end the connection, and others are refused`() {
        let scene = FakeScene()
        let clients = (0..<3).map { _ in scene.client() }
        let frames = ["ffffffff", "00100000", "00000004 00000001"]
        for (client, text) in zip(clients, frames) {
            scene.zooKeeper.receive(ByteBuffer(bytes: wire(text)), on: client.connection, at: scene.instant)
            #expect(scene.lines(client) == [.closed])
        }
        let other = scene.client()
        let short = ByteBuffer(bytes: frame("00000007 00000004 00000009"))
        scene.zooKeeper.receive(short, on: other.connection, at: scene.instant)
        #expect(scene.lines(other) == [.control(7, .marshallingError)])
    }

    private func path(_ line: FakeClient.Line?) -> String? {
        if case .reply(_, .created(let path, _)) = line { path } else { nil }
    }
}
