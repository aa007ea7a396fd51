import DistributedLocks
import TestSupport
import Testing

@testable import ZooKeeperLocks

/// Operators and programs that delete nodes, change them, and make others.
@Suite(.timeLimit(.minutes(3))) struct DisturbedNodesTests {
    /// Which node of a claim: it has two where it is there for kazoo and for Curator.
    private static let nodes: [(ZooKeeperNaming, Int)] = [(.curator, 0), (.kazoo, 0), (.both, 0), (.both, 1)]

    @Test(arguments: nodes, [true, false])
    func `The node of a holder is deleted`(_ node: (naming: ZooKeeperNaming, index: Int), _ isFresh: Bool) async throws
    {
        try await FaultScene.with(FaultScene.Options(naming: node.naming)) { scene in
            let lease = try await scene.lock.acquire()
            let own = try await scene.contenders()
            #expect(own.count == (node.naming == .both ? 2 : 1))
            // A lock that has only just been taken is not watched yet.
            if !isFresh {
                try await waitUntil("a watch") { try await scene.server.watchers(of: own[node.index].path).count == 1 }
            }
            let next = try await scene.queue(scene.otherLock)
            try await scene.server.inspector().delete(own[node.index].path)
            try await waitUntil("the loss") { lease.loss == .removed }
            #expect(await lease.release() == .alreadyLost(.removed))
            let following = try await next.value
            #expect(following.fencingToken > lease.fencingToken)
            #expect(following.state == .held)
            await following.release()
            try await scene.expectHealthy(after: following.fencingToken)
        }
    }

    @Test(arguments: nodes)
    func `The node of a waiter is deleted`(_ node: (naming: ZooKeeperNaming, index: Int)) async throws {
        try await FaultScene.with(FaultScene.Options(naming: node.naming)) { scene in
            let holder = try await scene.otherLock.acquire()
            let waiter = try await scene.queue(scene.lock)
            let own = try await scene.contenders().suffix(node.naming == .both ? 2 : 1)
            let next = try await scene.queue(scene.otherLock)
            try await scene.server.inspector().delete(Array(own)[node.index].path)
            await holder.release()
            // Both have it in turn, whoever is first.
            let following = try await next.value
            #expect(following.fencingToken > holder.fencingToken)
            await following.release()
            let lease = try await waiter.value
            #expect(lease.fencingToken > following.fencingToken)
            #expect(lease.state == .held)
            await lease.release()
            try await scene.expectHealthy(after: lease.fencingToken)
        }
    }

    @Test(arguments: [ZooKeeperNaming.curator, .kazoo, .both])
    func `A holder goes while somebody cuts it off: nobody is cut off, and nothing is watched`(
        _ naming: ZooKeeperNaming
    ) async throws {
        try await FaultScene.with(FaultScene.Options(naming: naming)) { scene in
            let lease = try await scene.otherLock.acquire()
            let nodes = try await scene.contenders()
            let service = scene.service
            let rule = scene.proxy.when(.setData, .holdRequest)
            let cutOff = Task { try await service.forceRelease(FaultScene.name) }
            try await rule.happened()
            await lease.release()
            let next = try await scene.otherLock.acquire()
            rule.letGo()
            #expect(try await cutOff.value == [])
            for node in nodes { #expect(try await scene.server.watchers(of: node.path).isEmpty) }
            #expect(next.state == .held)
            await next.release()
            try await scene.expectHealthy(after: next.fencingToken)
        }
    }

    @Test(arguments: [ZooKeeperNaming.curator, .both])
    func `All nodes of a lock are deleted, the waiters' first`(_ naming: ZooKeeperNaming) async throws {
        try await FaultScene.with(FaultScene.Options(naming: naming)) { scene in
            let lease = try await scene.lock.acquire()
            let waiters = try await [scene.queue(scene.lock), scene.queue(scene.otherLock)]
            for node in try await scene.contenders().reversed() { try await scene.server.inspector().delete(node.path) }
            try await waitUntil("the loss") { lease.loss == .removed }
            await withThrowingTaskGroup(of: FencingToken.self) { group in
                for waiter in waiters {
                    group.addTask {
                        let next = try await waiter.value
                        try await Task.sleep(for: .milliseconds(20))
                        #expect(next.loss == nil)
                        await next.release()
                        return next.fencingToken
                    }
                }
                await #expect(throws: Never.self) {
                    for try await token in group { #expect(token > lease.fencingToken) }
                }
            }
            try await scene.expectHealthy()
        }
    }

    /// What operators and servers may remove: containers that are empty go by themselves.
    enum Depth: CaseIterable {
        case lock
        case everything
    }

    @Test(arguments: Depth.allCases, [ZooKeeperNaming.curator, .both])
    func `The node of the lock is deleted between two steps, whichever they are`(
        _ depth: Depth,
        _ naming: ZooKeeperNaming
    ) async throws {
        try await FaultScene.with(FaultScene.Options(naming: naming)) { scene in
            let inspector = try scene.server.inspector()
            for number in 1...20 {
                let name = "lock-no-\(number)."
                let rule = scene.proxy.when(nil, nth: number, .holdRequest) { $0.contains("/\(name)") }
                let hasEnded = Latch<Void>()
                let lock = try scene.service.lock(name)
                let task = Task {
                    defer { hasEnded.open(()) }
                    return try await lock.acquire(timeout: .seconds(20))
                }
                try await waitUntil("a request, or the end") { rule.count > 0 || hasEnded.current != nil }
                let isEnd = rule.count == 0
                if !isEnd {
                    let path = depth == .lock ? "\(scene.root)/\(name)" : scene.root
                    if try await inspector.node(path) != nil { try await inspector.delete(path) }
                    rule.letGo()
                }
                let lease = try await task.value
                // Taken away when it was held already: it is told so.
                if isEnd { #expect(lease.loss == nil) }
                await lease.release()
                try await scene.waitUntilEmpty()
                if isEnd { return try await scene.expectHealthy() }
            }
            Issue.record("it took too many requests")
        }
    }

    @Test func `Somebody writes into the nodes of a holder and a waiter`() async throws {
        try await FaultScene.with { scene in
            let inspector = try scene.server.inspector()
            let lease = try await scene.lock.acquire()
            let waiter = try await scene.queue(scene.otherLock)
            let nodes = try await scene.contenders()
            for round in 0..<3 {
                for node in nodes {
                    try await waitUntil("a watch") { try await scene.server.watchers(of: nodes[0].path).count == 2 }
                    try await inspector.set(node.path, data: "note \(round)")
                }
            }
            #expect(lease.state == .held)
            try await waitUntil("a watch") { try await scene.server.watchers(of: nodes[0].path).count == 2 }
            try await inspector.delete(nodes[0].path)
            try await waitUntil("the loss") { lease.loss == .removed }
            let next = try await waiter.value
            #expect(next.fencingToken > lease.fencingToken)
            await next.release()
            try await scene.expectHealthy(after: next.fencingToken)
        }
    }

    /// Other recipes, other programs, and what people leave lying about.
    private static let strays = [
        "readme", "0000000000", "node-0000000000", "lock", "lock-", "latch-0000000001", ".hidden", "_c_",
        "--0000000003",
        "_c_53345f98-9423-4e0c-a7b5-9f819e3ec2e1-lease-0000000000", "lock-12ab", "lock-99999999999", "überholt",
        "_c_53345f98-9423-4e0c-a7b5-9f819e3ec2e1-latch-0000000000",
        "d3345f9894234e0ca7b59f819e3ec2e1__lease__0000000000",
    ]

    @Test(arguments: [ZooKeeperNaming.curator, .both])
    func `Nodes that are no contenders are in nobody's way, and stay`(_ naming: ZooKeeperNaming) async throws {
        try await FaultScene.with(FaultScene.Options(naming: naming)) { scene in
            let inspector = try scene.server.inspector()
            for stray in Self.strays { try await inspector.create("\(scene.directory)/\(stray)", data: "x") }
            try await inspector.create("\(scene.directory)/readme/lock-0000000000")
            let lease = try #require(try await scene.lock.tryAcquire())
            let next = try await scene.queue(scene.otherLock)
            #expect(await lease.release() == .released)
            let following = try await next.value
            #expect(following.fencingToken > lease.fencingToken)
            await following.release()
            #expect(try await Set(scene.contenders().map(\.name)) == Set(Self.strays))
        }
    }

    /// Nodes as other programs make them.
    private static let foreigners = [
        "_c_53345f98-9423-4e0c-a7b5-9f819e3ec2e1-lock-", "d3345f9894234e0ca7b59f819e3ec2e1__lock__", "lock-",
        "d3345f9894234e0ca7b59f819e3ec2e1__rlock__", "_c_53345f98-9423-4e0c-a7b5-9f819e3ec2e1-__WRIT__",
        "_c_53345f98-9423-4e0c-a7b5-9f819e3ec2e1-__READ__", "x-72057594037927936-",
    ]

    @Test(arguments: foreigners, [ZooKeeperInspector.Kind.sequential, .ephemeralSequential])
    func `Nodes of other programs are waited for`(_ prefix: String, _ kind: ZooKeeperInspector.Kind) async throws {
        try await FaultScene.with { scene in
            let inspector = try scene.server.inspector()
            let holder = try await inspector.create("\(scene.directory)/\(prefix)", data: "\u{FF}\u{0}", kind)
            let waiter = try await scene.queue(scene.lock)
            let last = try await inspector.create("\(scene.directory)/\(prefix)", kind)
            #expect(try await scene.lock.tryAcquire() == nil)
            let czxid = try #require(try await scene.contenders().first).czxid
            try await inspector.delete(holder)
            let lease = try await waiter.value
            #expect(lease.fencingToken > FencingToken(rawValue: UInt64(czxid)))
            #expect(lease.state == .held)
            await lease.release()
            #expect(try await scene.lock.tryAcquire() == nil)
            try await inspector.delete(last)
            try await scene.expectHealthy(after: lease.fencingToken)
        }
    }
}
