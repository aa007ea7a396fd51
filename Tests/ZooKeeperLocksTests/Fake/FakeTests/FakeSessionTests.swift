import DistributedLocks
import Testing

@testable import ZooKeeperLocks

@Suite struct FakeSessionTests {
    @Test(arguments: [(1, 4_000), (5_000, 5_000), (1_000_000, 40_000), (-1, 4_000)] as [(Int32, Int32)])
    func `A session timeout is between two ticks and twenty`(_ asked: Int32, _ granted: Int32) {
        let client = FakeClient(FakeZooKeeper())
        let scene = FakeScene()
        let other = scene.client(timeout: asked)
        other.connect(timeout: asked)
        #expect(scene.lines(other).last == .session(other.session, timeout: granted))
        #expect(client.session == 0)
    }

    @Test func `A session ends at the tick after its timeout, and its nodes with it`() {
        let scene = FakeScene()
        scene.wait(.seconds(1))
        let (holder, watcher) = (scene.client(), scene.client(timeout: 40_000))
        _ = scene.lines(holder, .create(path: "/e", mode: .ephemeral))
        _ = scene.lines(watcher, .exists(path: "/e", watch: true))
        scene.wait(.milliseconds(4_999))
        #expect(scene.lines(watcher).isEmpty)
        #expect(scene.lines(holder).isEmpty)
        #expect(scene.zooKeeper.nextWake?.offset == .seconds(6))
        scene.wait(.milliseconds(1))
        #expect(scene.lines(watcher) == [.event(.deleted, "/e")])
        #expect(scene.lines(holder).last == .closed)
        holder.connect()
        #expect(scene.lines(holder) == [.expired, .closed])
    }

    @Test func `Pings keep a session alive`() {
        let scene = FakeScene()
        let client = scene.client()
        for _ in 0..<10 {
            scene.wait(.seconds(3))
            client.control(.ping)
            #expect(scene.lines(client) == [.control(Xid.ping, .ok)])
        }
        scene.wait(.seconds(6))
        #expect(scene.lines(client) == [.closed])
    }

    @Test func `A follower tells the leader of its sessions twice a tick`() {
        let scene = FakeScene(FakeOptions(servers: 3))
        let client = scene.client(on: 1)
        scene.wait(.milliseconds(3_500))
        client.control(.ping)
        // Shipped at four seconds, where a new time begins: it ends at ten, and not at eight.
        scene.wait(.milliseconds(6_499))
        #expect(scene.lines(client) == [.control(Xid.ping, .ok)])
        scene.wait(.milliseconds(1))
        #expect(scene.lines(client) == [.closed])
    }

    @Test func `A ping to a follower that is cut off is answered, and keeps nothing alive`() {
        let scene = FakeScene(FakeOptions(servers: 3))
        let (client, other) = (scene.client(on: 1), scene.client(on: 2, timeout: 40_000))
        _ = scene.lines(client, .create(path: "/e", mode: .ephemeral))
        scene.zooKeeper.isolate(1)
        for _ in 0..<3 {
            scene.wait(.seconds(2))
            client.control(.ping)
            #expect(scene.lines(client) == [.control(Xid.ping, .ok)])
        }
        #expect(scene.lines(other, .exists(path: "/e")) == [.error(1, .noNode)])
        #expect(scene.lines(client, .exists(path: "/e")).count == 1)
        #expect(scene.lines(client, .delete(path: "/e")).isEmpty)
        scene.zooKeeper.heal(1)
        #expect(scene.lines(client).last == .closed)
    }

    @Test func `A follower that is cut off for five ticks closes its connections`() {
        let scene = FakeScene(FakeOptions(servers: 3))
        let client = scene.client(on: 1, timeout: 40_000)
        scene.zooKeeper.isolate(1)
        scene.wait(.milliseconds(9_999))
        #expect(scene.lines(client).isEmpty)
        scene.wait(.milliseconds(1))
        #expect(scene.lines(client) == [.closed])
        client.connect(to: 1)
        #expect(scene.lines(client) == [.closed])
        scene.zooKeeper.heal(1)
        client.connect(to: 1)
        #expect(scene.lines(client) == [.session(client.session, timeout: 4_000)])
    }

    @Test func `Without the password a session is not to be had`() {
        let scene = FakeScene()
        let client = scene.client()
        client.forget()
        client.connect()
        #expect(scene.lines(client) == [.expired, .closed])
    }

    @Test func `On the same server, the old connection of a session is closed`() {
        let scene = FakeScene()
        let client = scene.client()
        let old = client.connection
        client.connect()
        #expect(scene.zooKeeper.connections[old] == nil)
        #expect(scene.lines(client) == [.session(client.session, timeout: 4_000)])
    }

    @Test(arguments: [0, 1, 2])
    func `On another server, the old connection ends with its next write, which does not happen`(_ first: Int) {
        let scene = FakeScene(FakeOptions(servers: 3))
        let client = scene.client(on: first)
        let old = client.connection
        client.connect(to: (first + 1) % 3)
        _ = scene.lines(client)
        let late = bytes(of: .create(path: "/late", mode: .persistent))
        scene.zooKeeper.receive(late, on: old, at: scene.instant)
        #expect(scene.zooKeeper.takeOutputs().map(\.connection) == [old])
        #expect(scene.zooKeeper.connections[old] == nil)
        #expect(scene.zooKeeper.head.node("/late") == nil)
        #expect(scene.lines(client, .exists(path: "/late")) == [.error(1, .noNode)])
    }

    @Test func `A client that has seen more than the server is not answered`() {
        let scene = FakeScene(FakeOptions(servers: 2))
        let client = scene.client(on: 0)
        scene.zooKeeper.setLag(1, .held)
        _ = scene.lines(client, .create(path: "/a", mode: .persistent))
        client.connect(to: 1)
        #expect(scene.lines(client) == [.closed])
        scene.zooKeeper.catchUp(1)
        client.connect(to: 1)
        #expect(scene.lines(client) == [.session(client.session, timeout: 4_000)])
    }

    @Test func `With a new leader, sessions have all of their time again, and transactions a new epoch`() {
        let scene = FakeScene(FakeOptions(servers: 3))
        let client = scene.client(on: 1)
        _ = scene.lines(client, .create(path: "/e", mode: .ephemeral))
        scene.wait(.seconds(5))
        scene.zooKeeper.kill(0)
        #expect(scene.lines(client) == [.closed])
        client.connect(to: 1)
        #expect(scene.lines(client) == [.closed])
        scene.wait(.seconds(60))
        scene.zooKeeper.elect(2)
        scene.wait(.seconds(4))
        client.connect(to: 1)
        #expect(scene.lines(client) == [.session(client.session, timeout: 4_000)])
        #expect(scene.lines(client, .exists(path: "/e")).count == 1)
        #expect(client.zxid >> 32 == 2)
        scene.zooKeeper.restart(0)
        #expect(scene.lines(scene.client(on: 0), .exists(path: "/e")).count == 1)
    }

    @Test func `What a leader that was cut off is asked for is lost with it`() {
        let scene = FakeScene(FakeOptions(servers: 3))
        let client = scene.client(on: 0, timeout: 40_000)
        scene.zooKeeper.isolate(0)
        #expect(scene.lines(client, .create(path: "/a", mode: .persistent)).isEmpty)
        scene.zooKeeper.elect(1)
        #expect(scene.lines(client) == [.closed])
        #expect(scene.zooKeeper.head.node("/a") == nil)
        client.connect(to: 2)
        #expect(scene.lines(client, .create(path: "/a", mode: .persistent)).count == 2)
    }

    @Test func `A session can be ended at any time, by its client too`() {
        let scene = FakeScene()
        let (first, second) = (scene.client(), scene.client())
        _ = scene.lines(first, .create(path: "/e", mode: .ephemeral))
        _ = scene.lines(second, .create(path: "/f", mode: .ephemeral))
        scene.zooKeeper.expire(first.session)
        #expect(scene.lines(first) == [.closed])
        #expect(scene.lines(second, .closeSession) == [.reply(2, .done), .closed])
        #expect(scene.zooKeeper.head.node("/e") == nil && scene.zooKeeper.head.node("/f") == nil)
    }
}
