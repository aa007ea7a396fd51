import DistributedLocks
import TestSupport
import Testing

@testable import ZooKeeperLocks

/// Writes that happen only while a lock is held.
@Suite(.timeLimit(.minutes(3))) struct GuardedWriteTests {
    /// A lock, and a node beside it that it protects.
    private struct Scene {
        let root = SharedZooKeeper.freshPath()
        let store: ZooKeeperStore
        let inspector: ZooKeeperInspector
        var data: String { "\(root)-data" }
        let server: TestZooKeeperServer

        init(_ address: String? = nil, session: Int = 4) async throws {
            server = try await SharedZooKeeper.server()
            store = try ZooKeeperStore(
                "zookeeper://\(address ?? "127.0.0.1:\(server.port)")\(root)?session-timeout=\(session)s"
            )
            inspector = try server.inspector()
            try await inspector.create(data, data: "before")
        }

        func lease(_ store: ZooKeeperStore? = nil) async throws -> Lease {
            try await LockService(store ?? self.store).lock("x").acquire(timeout: .seconds(30))
        }

        func text() async throws -> String? { try await inspector.node(data)?.data }
    }

    private static let bytes = Array("after".utf8)

    @Test func `All changes are made while the lock is held`() async throws {
        let scene = try await Scene()
        let lease = try await scene.lease()
        try await scene.store.write(
            [
                .check(path: scene.data, version: 0),
                .setData(path: scene.data, data: Self.bytes, version: 0),
                .create(path: "\(scene.data)/child", data: [0x41]),
                .create(path: "\(scene.data)/gone", data: []),
                .delete(path: "\(scene.data)/gone", version: 0),
            ],
            while: lease
        )
        #expect(try await scene.text() == "after")
        #expect(try await scene.inspector.children(scene.data).map(\.name) == ["child"])
        #expect(try await scene.inspector.node("\(scene.data)/child")?.data == "A")
        await lease.release()
        await scene.store.close()
    }

    @Test func `The node of the holder is the one that others see`() async throws {
        let scene = try await Scene()
        let lease = try await scene.lease()
        let node = try scene.store.holderNode(of: lease)
        #expect(try await scene.inspector.node(node)?.czxid == Int64(lease.fencingToken.rawValue))
        await lease.release()
        #expect(throws: LockError.lost(lease.name, .released)) { try scene.store.holderNode(of: lease) }
        await scene.store.close()
    }

    @Test(arguments: [
        (GuardedChange.setData(path: "", data: [], version: 7), GuardedWriteError.Reason.otherVersion),
        (.check(path: "", version: 3), .otherVersion), (.create(path: "", data: []), .exists),
        (.delete(path: ""), .hasChildren), (.setData(path: "/none", data: []), .missing),
    ])
    func `One that is impossible stops all`(
        _ change: GuardedChange,
        _ reason: GuardedWriteError.Reason
    ) async throws {
        let scene = try await Scene()
        try await scene.inspector.create("\(scene.data)/child")
        let lease = try await scene.lease()
        let changes = [.setData(path: scene.data, data: Self.bytes), change.at(scene.data)]
        let error = await #expect(throws: GuardedWriteError.self) {
            // The version has changed by then.
            try await scene.store.write(changes, while: lease)
        }
        #expect(error?.index == 1)
        #expect(error?.change == changes[1])
        #expect(error?.reason == reason)
        #expect("\(try #require(error))".contains(changes[1].path))
        #expect(try await scene.text() == "before")
        #expect(lease.state == .held)
        await lease.release()
        await scene.store.close()
    }

    @Test func `No right to a node is one of the reasons`() async throws {
        let scene = try await Scene()
        try await scene.inspector.protect(scene.data, user: "somebody", password: "else")
        let lease = try await scene.lease()
        let error = await #expect(throws: GuardedWriteError.self) {
            try await scene.store.write([.setData(path: scene.data, data: [])], while: lease)
        }
        #expect(error?.reason == .denied)
        await lease.release()
        await scene.store.close()
    }

    @Test func `Nothing is written once the node is gone, and the lease is lost at once`() async throws {
        let scene = try await Scene()
        let lease = try await scene.lease()
        try await scene.inspector.delete(scene.store.holderNode(of: lease))
        await #expect(throws: LockError.lost(lease.name, .removed)) {
            try await scene.store.write([.setData(path: scene.data, data: Self.bytes)], while: lease)
        }
        #expect(lease.state == .lost(.removed))
        #expect(try await scene.text() == "before")
        await scene.store.close()
    }

    @Test func `A write that is late by a session does not reach what the next holder has written`() async throws {
        let server = try await SharedZooKeeper.server()
        try await ZooKeeperProxy.with(server) { proxy in
            let scene = try await Scene(proxy.address, session: 2)
            let lease = try await scene.lease()
            let late = proxy.when(.multi, .holdRequest) { $0.contains("after") }
            let write = Task {
                try await scene.store.write([.setData(path: scene.data, data: Self.bytes)], while: lease)
            }
            try await late.happened()
            proxy.refuse()
            let other = try ZooKeeperStore("zookeeper://127.0.0.1:\(server.port)\(scene.root)")
            let next = try await scene.lease(other)
            #expect(next.fencingToken > lease.fencingToken)
            try await other.write([.setData(path: scene.data, data: Array("next".utf8))], while: next)
            late.letGo()
            await #expect(throws: LockError.self) { try await write.value }
            #expect(lease.state != .held)
            #expect(try await scene.text() == "next")
            await next.release()
            for store in [scene.store, other] { await store.close() }
        }
    }

    @Test func `A write whose answer is lost says so`() async throws {
        let server = try await SharedZooKeeper.server()
        try await ZooKeeperProxy.with(server) { proxy in
            let scene = try await Scene(proxy.address)
            let lease = try await scene.lease()
            let lost = proxy.when(.multi, .cutBeforeReply) { $0.contains("after") }
            let error = await #expect(throws: LockError.self) {
                try await scene.store.write([.setData(path: scene.data, data: Self.bytes, version: 0)], while: lease)
            }
            guard case .unreachable = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(lost.count == 1)
            #expect(try await scene.text() == "after")
            // The lock is still held, and to try again does no harm.
            let again = await #expect(throws: GuardedWriteError.self) {
                try await scene.store.write([.setData(path: scene.data, data: Self.bytes, version: 0)], while: lease)
            }
            #expect(again?.reason == .otherVersion)
            await lease.release()
            await scene.store.close()
        }
    }

    @Test func `Whoever does not wait for the answer any more keeps the lock, and can write again`() async throws {
        let server = try await SharedZooKeeper.server()
        try await ZooKeeperProxy.with(server) { proxy in
            let scene = try await Scene(proxy.address, session: 10)
            let lease = try await scene.lease()
            let slow = proxy.when(.multi, .holdReply) { $0.contains("after") }
            let write = Task {
                try await scene.store.write([.setData(path: scene.data, data: Self.bytes)], while: lease)
            }
            try await slow.happened()
            write.cancel()
            await #expect(throws: CancellationError.self) { try await write.value }
            slow.letGo()
            #expect(lease.state == .held)
            try await scene.store.write(
                [.setData(path: scene.data, data: Array("again".utf8), version: 1)],
                while: lease
            )
            #expect(try await scene.text() == "again")
            #expect(await lease.release() == .released)
            await scene.store.close()
        }
    }

    @Test func `Nothing is written once the store is closed, or the lease is given back`() async throws {
        let scene = try await Scene()
        let change = GuardedChange.setData(path: scene.data, data: Self.bytes)
        let released = try await scene.lease()
        await released.release()
        let lease = try await scene.lease()
        await scene.store.close()
        for (lease, reason) in [(released, LossReason.released), (lease, .closed)] {
            await #expect(throws: LockError.lost(lease.name, reason)) {
                try await scene.store.write([change], while: lease)
            }
        }
        #expect(try await scene.text() == "before")
    }

    @Test func `Leases of other stores, and paths that cannot be, are refused`() async throws {
        let scene = try await Scene()
        let foreign = try await LockService(MemoryStore()).lock("x").acquire()
        let other = try ZooKeeperStore("zookeeper://127.0.0.1:\(scene.server.port)\(scene.root)-other")
        let lease = try await scene.lease(other)
        for lease in [foreign, lease] {
            await #expect { try await scene.store.write([], while: lease) } throws: { $0.isInvalid }
        }
        for path in ["", "/", "data", "/data/", "/a//b", "/a/../b", "/a\u{0}"] {
            await #expect { try await other.write([.delete(path: path)], while: lease) } throws: { $0.isInvalid }
        }
        let many = Array(repeating: GuardedChange.check(path: scene.data), count: 1_025)
        await #expect { try await other.write(many, while: lease) } throws: { $0.isInvalid }
        try await other.write(many.dropLast(), while: lease)
        await lease.release()
        await foreign.release()
        for store in [scene.store, other] { await store.close() }
    }
}

extension GuardedChange {
    /// The same for a node whose path is known only now.
    fileprivate func at(_ root: String) -> GuardedChange {
        switch self {
        case .create(let path, let data): .create(path: root + path, data: data)
        case .setData(let path, let data, let version): .setData(path: root + path, data: data, version: version)
        case .delete(let path, let version): .delete(path: root + path, version: version)
        case .check(let path, let version): .check(path: root + path, version: version)
        }
    }
}

extension Error {
    fileprivate var isInvalid: Bool {
        guard case .invalid = self as? LockError else { return false }
        return true
    }
}
