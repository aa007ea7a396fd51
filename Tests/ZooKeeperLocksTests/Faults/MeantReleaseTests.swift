import DistributedLocks
import TestSupport
import Testing

@testable import ZooKeeperLocks

/// Forced releases that are about a certain holder.
@Suite(.timeLimit(.minutes(3))) struct MeantReleaseTests {
    private static func name() throws -> LockName { try LockName(FaultScene.name) }

    /// Makes sure that a forced release leaves the holder alone.
    private static func expectBusy(
        _ scene: FaultScene,
        _ condition: HolderCondition,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let before = try await scene.contenders().map(\.mzxid)
        do {
            let holders = try await scene.store.forceRelease(Self.name(), from: condition)
            Issue.record("\(holders) were cut off", sourceLocation: sourceLocation)
        } catch LockError.busy(let name, let contention) {
            #expect(name.text == FaultScene.name && contention.holders.count == 1, sourceLocation: sourceLocation)
        }
        #expect(try await scene.contenders().map(\.mzxid) == before, sourceLocation: sourceLocation)
    }

    private static func owner(_ scene: FaultScene) async throws -> OwnerID {
        try #require(try await scene.store.status(of: Self.name()).holders.first?.owner)
    }

    @Test(arguments: [ZooKeeperNaming.curator, .kazoo, .both])
    func `Only the holder that is meant is cut off`(_ naming: ZooKeeperNaming) async throws {
        try await FaultScene.with(FaultScene.Options(naming: naming)) { scene in
            let first = try await scene.otherLock.acquire()
            let owner = try await Self.owner(scene)
            let waiter = try await scene.queue(scene.otherLock)
            let waiting = try #require(try await scene.store.status(of: Self.name()).waiters.first?.owner)
            for condition in [
                .owner(waiting), .owner(OwnerID(high: 1, low: 2)), .token(FencingToken(rawValue: 1)),
                .token(FencingToken(rawValue: first.fencingToken.rawValue + 1)),
            ] as [HolderCondition] { try await Self.expectBusy(scene, condition) }
            #expect(first.loss == nil)

            #expect(try await scene.store.forceRelease(Self.name(), from: .token(first.fencingToken)).count == 1)
            let second = try await waiter.value
            #expect(first.loss == .revoked || first.loss == .removed)
            try await Self.expectBusy(scene, .owner(owner))
            try await Self.expectBusy(scene, .token(first.fencingToken))
            #expect(second.loss == nil)

            #expect(try await scene.store.forceRelease(Self.name(), from: .owner(waiting)).count == 1)
            #expect(try await scene.store.forceRelease(Self.name(), from: .owner(waiting)).isEmpty)
            try await waitUntil("the loss") { second.loss != nil }
            try await scene.expectHealthy(after: second.fencingToken)
        }
    }

    @Test func `A node of which only the name tells whose it is`() async throws {
        try await FaultScene.with { scene in
            let lease = try await scene.otherLock.acquire()
            let owner = try await Self.owner(scene)
            let node = try #require(try await scene.contenders().first)
            try await scene.server.inspector().set(node.path, data: "overwritten")
            #expect(try await scene.store.forceRelease(Self.name(), from: .owner(owner)).count == 1)
            try await waitUntil("the loss") { lease.loss != nil }
            try await scene.expectHealthy(after: lease.fencingToken)
        }
    }

    @Test func `If the holder goes by itself meanwhile, whoever is next is left alone`() async throws {
        try await FaultScene.with { scene in
            let lease = try await scene.otherLock.acquire()
            let owner = try await Self.owner(scene)
            let store = scene.store
            let rule = scene.proxy.when(.setData, .holdRequest)
            let cutOff = Task { try await store.forceRelease(Self.name(), from: .owner(owner)) }
            try await rule.happened()
            await lease.release()
            let next = try await scene.otherLock.acquire()
            rule.letGo()
            await #expect(throws: LockError.self) { try await cutOff.value }
            #expect(next.state == .held)
            await next.release()
            try await scene.expectHealthy(after: next.fencingToken)
        }
    }

    @Test(arguments: NetworkFault.allCases, [ZooKeeperOperation.getChildren, .getData, .setData, .delete])
    func `Asked again after a lost reply, it never hits the next one`(
        _ fault: NetworkFault,
        _ operation: ZooKeeperOperation
    ) async throws {
        try await FaultScene.with(fault.options()) { scene in
            let lease = try await scene.otherLock.acquire()
            let owner = try await Self.owner(scene)
            let waiter = try await scene.queue(scene.otherLock)
            let store = scene.store
            let outcome = try await fault.strike(operation, in: scene) {
                try await store.forceRelease(Self.name(), from: .owner(owner))
            }
            #expect(outcome.value?.count == 1 || outcome.isUnreachable, "\(outcome)")
            try await waitUntil("an answer") {
                do {
                    _ = try await store.forceRelease(Self.name(), from: .owner(owner))
                } catch LockError.busy {
                } catch {
                    return false
                }
                return true
            }
            let next = try await waiter.value
            try await waitUntil("the loss") { lease.loss != nil }
            #expect(next.loss == nil)
            await next.release()
            try await scene.expectHealthy(after: next.fencingToken)
        }
    }

    @Test func `A claim of a process that was killed is cut off by a fresh store, long before its session ends`()
        async throws
    {
        let server = try await SharedZooKeeper.server()
        let url = "zookeeper://127.0.0.1:\(server.port)\(SharedZooKeeper.freshPath())?session-timeout=40s"
        let probe = try await ProbeProcess(url)
        probe.send("acquire victim job")
        let token = try await probe.granted("victim")
        let waiting = LockService(try ZooKeeperStore(url))
        let waiter = Task { try await waiting.lock("job").acquire(timeout: .seconds(35)) }
        try await waitUntil("a waiter") { try await waiting.status(of: "job").waiters.count == 1 }
        let owner = try #require(try await waiting.status(of: "job").holders.first?.owner)
        try await probe.kill()
        let start = ContinuousClock.now
        let store = try ZooKeeperStore(url)
        #expect(try await store.forceRelease(LockName("job"), from: .owner(owner)).count == 1)
        let next = try await waiter.value
        #expect(start.duration(to: .now) < .seconds(10), "its session lasts for 40 s")
        #expect(next.fencingToken > token)
        await next.release()
        await store.close()
        await waiting.close()
    }
}
