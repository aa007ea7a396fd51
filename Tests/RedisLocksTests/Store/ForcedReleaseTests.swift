import DistributedLocks
import TestSupport
import Testing

@testable import RedisLocks

@Suite struct ForcedReleaseTests {
    /// Makes sure that a forced release leaves the holder alone, and says who that is.
    private static func expectBusy(
        _ scene: StoreScene,
        _ condition: HolderCondition,
        label: String?,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let before = try await scene.server.command(["GET", FaultScene.name]).text
        let name = try LockName(FaultScene.name)
        do {
            let holders = try await scene.stores[2].forceRelease(name, from: condition)
            Issue.record("\(holders) were cut off", sourceLocation: sourceLocation)
        } catch LockError.busy(let busyName, let contention) {
            #expect(busyName == name, sourceLocation: sourceLocation)
            #expect(contention.holders.map(\.label) == [label], sourceLocation: sourceLocation)
        }
        #expect(
            try await scene.server.command(["GET", FaultScene.name]).text == before,
            sourceLocation: sourceLocation
        )
    }

    @Test(arguments: ServerKind.allCases)
    func `Only the holder that is meant is cut off`(_ kind: ServerKind) async throws {
        try await StoreScene.with(kind) { scene in
            let name = try LockName(FaultScene.name)
            let request = try StoreScene.request(label: "first")
            let grant = try await scene.take(request, on: 0)
            let losses = Losses(of: grant)
            let second = try StoreScene.request(label: "second")
            let waiter = try await scene.queue(second, on: 1)
            for condition in [
                .owner(OwnerID(high: 1, low: 2)), .owner(second.claim.owner),
                .token(FencingToken(rawValue: grant.token.rawValue + 1)), .token(FencingToken(rawValue: 0)),
            ] as [HolderCondition] { try await Self.expectBusy(scene, condition, label: "first") }
            #expect(losses.all.isEmpty)

            #expect(try await scene.stores[2].forceRelease(name, from: .token(grant.token)).map(\.label) == ["first"])
            let next = try await waiter.value
            #expect(next.token > grant.token)
            try await waitUntil("the loss") { losses.all == [.revoked] }
            // The same once more is about somebody who does not hold it any more.
            try await Self.expectBusy(scene, .token(grant.token), label: "second")
            try await Self.expectBusy(scene, .owner(request.claim.owner), label: "second")

            let cutOff = try await scene.stores[2].forceRelease(name, from: .owner(second.claim.owner))
            #expect(cutOff.map(\.label) == ["second"] && cutOff.first?.heldSince != nil)
            #expect(try await scene.stores[2].forceRelease(name, from: .owner(second.claim.owner)).isEmpty)
            #expect(try await scene.stores[2].forceRelease(name, from: .token(next.token)).isEmpty)
            #expect(try await scene.server.remainsOfLocks().isEmpty)
        }
    }

    @Test func `Another program's lock has neither an owner nor a token`() async throws {
        try await StoreScene.with { scene in
            let request = try StoreScene.request()
            let grant = try await scene.take(request, on: 0)
            _ = try await scene.stores[0].release(request.claim)
            // It begins as if it were ours.
            for value in ["x", "\(request.claim.owner)", "\(request.claim.owner) dlock x"] {
                try await scene.server.command(["SET", FaultScene.name, value, "PX", "60000"])
                try await Self.expectBusy(scene, .owner(request.claim.owner), label: "another program's lock")
                try await Self.expectBusy(scene, .token(grant.token), label: "another program's lock")
            }
            try await scene.server.command(["DEL", FaultScene.name])
            try await scene.server.command(["HSET", FaultScene.name, "a", "1"])
            try await Self.expectBusy(scene, .owner(request.claim.owner), label: "a key of type hash")
            #expect(try await scene.stores[2].forceRelease(LockName(FaultScene.name), from: .any).count == 1)
        }
    }

    @Test(arguments: NetworkFault.allCases)
    func `A lost reply leaves nothing half done, and asking again does no harm to the next`(_ fault: NetworkFault)
        async throws
    {
        try await FaultScene.with(requestTimeout: fault.requestTimeout) { scene in
            let victim = try await scene.otherLock.acquire()
            let owner = try #require(try await scene.service.status(of: FaultScene.name).holders.first?.owner)
            let third = FaultScene.makeService(try StoreScene.patientStore(port: scene.server.port))
            let waiter = Task { try await third.lock(FaultScene.name).acquire(timeout: .seconds(20)) }
            try await scene.waitUntilQueued(1)
            let store = scene.store
            let outcome = try await fault.strike(in: scene, { $0.runs(.force) }) {
                try await store.forceRelease(LockName(FaultScene.name), from: .owner(owner))
            }
            #expect(outcome.lockError?.kind == "unreachable")
            if fault == .requestLost { #expect(victim.state == .held) }
            var cutOff: [Holder]?
            try await waitUntil("an answer") {
                do {
                    cutOff = try await store.forceRelease(LockName(FaultScene.name), from: .owner(owner))
                } catch LockError.busy {
                    cutOff = []
                } catch {
                    return false
                }
                return true
            }
            // If the first request had been carried out, the second was about somebody who did not hold it any more.
            #expect(cutOff?.count == (fault == .requestLost ? 1 : 0))
            let next = try await waiter.value
            try await waitUntil("the loss") { victim.state.lossReason == .revoked }
            #expect(next.state == .held)
            #expect(await next.release() == .released)
            try await scene.expectHealthy(after: next.fencingToken)
            await third.close()
        }
    }

    @Test(arguments: ServerKind.allCases)
    func `A claim of a process that was killed is cut off by a fresh store, long before its lease`(
        _ kind: ServerKind
    ) async throws {
        try await TestRedisServer.with(kind) { server in
            let probe = try await StoreProbe(at: server.port)
            probe.send("acquire victim job 60000")
            let token = try await probe.granted("victim")
            let waiting = LockService(try StoreScene.patientStore(port: server.port))
            let waiter = Task { try await waiting.lock("job").acquire(timeout: .seconds(30)) }
            try await waitUntil("a waiter") { try await server.waiterCount("job") == 1 }
            let owner = try #require(try await waiting.status(of: "job").holders.first?.owner)
            try await probe.kill()
            let start = ContinuousClock.now
            let store = try StoreScene.patientStore(port: server.port)
            #expect(try await store.forceRelease(LockName("job"), from: .owner(owner)).count == 1)
            let next = try await waiter.value
            #expect(start.duration(to: .now) < .seconds(10), "the lease is a minute")
            #expect(next.fencingToken > token)
            await next.release()
            await store.close()
            await waiting.close()
        }
    }
}
