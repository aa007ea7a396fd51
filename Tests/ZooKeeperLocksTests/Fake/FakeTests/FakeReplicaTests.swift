import DistributedLocks
import NIOCore
import Testing

@testable import ZooKeeperLocks

@Suite struct FakeReplicaTests {
    @Test func `A replica that lags shows what was, and its watches fire when it catches up`() {
        let scene = FakeScene(FakeOptions(servers: 3))
        let (writer, reader) = (scene.client(on: 0), scene.client(on: 1))
        scene.zooKeeper.setLag(1, .held)
        #expect(scene.lines(writer, .create(path: "/a", mode: .persistent)).count == 1)
        #expect(scene.lines(reader, .exists(path: "/a", watch: true)) == [.error(1, .noNode)])
        #expect(scene.lines(writer, .exists(path: "/a")).count == 1)
        scene.zooKeeper.catchUp(1)
        #expect(scene.lines(reader) == [.event(.created, "/a")])
    }

    @Test func `A sync waits until the replica has caught up, and what comes after it too`() {
        let scene = FakeScene(FakeOptions(servers: 2))
        let (writer, reader) = (scene.client(on: 0), scene.client(on: 1))
        scene.zooKeeper.setLag(1, .held)
        _ = scene.lines(writer, .create(path: "/a", mode: .persistent))
        _ = scene.lines(writer, .create(path: "/a/b", mode: .persistent))
        #expect(scene.lines(reader, .sync(path: "/")).isEmpty)
        #expect(scene.lines(reader, .getChildren(path: "/a")).isEmpty)
        // What is decided after the sync is not waited for.
        _ = scene.lines(writer, .create(path: "/a/c", mode: .persistent))
        scene.zooKeeper.catchUp(1, by: 1)
        #expect(scene.lines(reader).isEmpty)
        scene.zooKeeper.catchUp(1, by: 1)
        #expect(scene.lines(reader) == [.reply(1, .done), .reply(2, .children(["b"]))])
    }

    @Test func `A write is answered when its own replica has it; everybody else has it before`() {
        let scene = FakeScene(FakeOptions(servers: 2))
        let (writer, reader) = (scene.client(on: 1), scene.client(on: 0))
        scene.zooKeeper.setLag(1, .held)
        #expect(scene.lines(writer, .create(path: "/a", mode: .persistent)).isEmpty)
        #expect(scene.lines(writer, .exists(path: "/a")).isEmpty)
        #expect(scene.lines(reader, .exists(path: "/a")).count == 1)
        scene.zooKeeper.catchUp(1)
        let lines = scene.lines(writer)
        #expect(lines.count == 2)
        guard case .reply(1, .created("/a", let stat)) = lines.first, case .reply(2, .stat(stat)) = lines.last else {
            Issue.record("\(lines)")
            return
        }
    }

    @Test func `A delay is a lag that ends by itself`() {
        let scene = FakeScene(FakeOptions(servers: 2))
        let (writer, reader) = (scene.client(on: 1), scene.client(on: 1))
        scene.zooKeeper.setLag(1, .delay(.milliseconds(30)))
        _ = scene.lines(reader, .exists(path: "/a", watch: true))
        #expect(scene.lines(writer, .create(path: "/a", mode: .persistent)).isEmpty)
        #expect(scene.zooKeeper.nextWake?.offset == .milliseconds(30))
        scene.wait(.milliseconds(29))
        #expect(scene.lines(writer).isEmpty)
        scene.wait(.milliseconds(1))
        #expect(scene.lines(writer).count == 1)
        #expect(scene.lines(reader) == [.event(.created, "/a")])
    }

    @Test func `An event comes before any answer that shows the change`() {
        let scene = FakeScene()
        let client = scene.client()
        client.request(.exists(path: "/a", watch: true))
        client.request(.getChildren(path: "/", watch: true))
        client.request(.create(path: "/a", mode: .persistent))
        let lines = scene.lines(client)
        #expect(lines.count == 5)
        #expect(lines[2...3] == [.event(.created, "/a"), .event(.childrenChanged, "/")])
    }

    @Test func `A session that has only begun is known where its client is when it is told so`() {
        let scene = FakeScene(FakeOptions(servers: 2))
        scene.zooKeeper.setLag(1, .held)
        let client = scene.client(on: 1)
        #expect(client.session == 0)
        client.request(.create(path: "/a", mode: .ephemeral))
        #expect(scene.lines(client).isEmpty)
        scene.zooKeeper.catchUp(1)
        #expect(scene.lines(client).first == .session(client.session, timeout: 4_000))
        #expect(scene.zooKeeper.head.node("/a")?.stat.ephemeralOwner == client.session)
    }

    @Test func `A follower that is cut off passes on what it was asked for when it is healed`() {
        let scene = FakeScene(FakeOptions(servers: 3))
        let client = scene.client(on: 1)
        scene.zooKeeper.isolate(1)
        #expect(scene.lines(client, .create(path: "/a", mode: .persistent)).isEmpty)
        #expect(scene.lines(client, .getChildren(path: "/")).isEmpty)
        let late = FakeClient(scene.zooKeeper)
        late.connect(to: 1)
        late.request(.exists(path: "/a"))
        scene.zooKeeper.heal(1)
        #expect(scene.lines(client).count == 2)
        #expect(scene.zooKeeper.head.node("/a") != nil)
        #expect(scene.zooKeeper.connections[late.connection]?.session != 0)
    }

    @Test func `The same input has the same output`() throws {
        let texts = try (0..<2).map { _ in
            let zooKeeper = FakeZooKeeper(FakeOptions(servers: 3))
            return try Performance(Script(seed: 5, length: 300), on: FakeEnsemble(zooKeeper), below: "/x").lines
        }
        #expect(texts[0] == texts[1])
    }

    @Test func `What all replicas have is not kept`() {
        let scene = FakeScene(FakeOptions(servers: 3))
        let client = scene.client(on: 1)
        _ = scene.lines(client, .create(path: "/a", mode: .persistent))
        for _ in 0..<1_000 { _ = scene.lines(client, .setData(path: "/a", data: [1])) }
        #expect(scene.zooKeeper.log.count < 100)
        #expect(scene.zooKeeper.decided == 1_002)
        #expect(scene.zooKeeper.waiting.isEmpty)
    }
}

/// A request as bytes.
func bytes(of operation: Operation, xid: Int32 = 1) -> ByteBuffer {
    ByteBuffer { operation.write(xid: xid, below: Chroot(), into: &$0) }
}
