import DistributedLocks
import TestSupport
import Testing

@testable import RedisLocks

/// Locks that the server gives back by itself, whatever becomes of the process.
@Suite struct LaterReleaseTests {
    private static let name = FaultScene.name

    @Test(arguments: ServerKind.allCases)
    func `It stays locked for so long, as its holder's, and then goes to whoever is first`(_ kind: ServerKind)
        async throws
    {
        try await StoreScene.with(kind) { scene in
            let name = try LockName(Self.name)
            let request = try StoreScene.request(label: "job")
            let grant = try await scene.take(request, on: 0)
            let losses = Losses(of: grant)
            // It has been told that the holder's lease lasts for a minute.
            let waiter = try await scene.queue(try StoreScene.request(), on: 1)
            let start = ContinuousClock.now
            #expect(try await scene.stores[0].release(request.claim, after: .milliseconds(1_500)) == .released)
            let remaining = try await scene.remaining()
            #expect(remaining > 0 && remaining <= 1_500)
            let holder = try #require(try await scene.stores[2].status(of: name).holders.first)
            #expect(holder.owner == request.claim.owner && holder.token == grant.token && holder.holder.label == "job")
            #expect(holder.holder.heldSince != nil)
            #expect(try #require(holder.remaining) <= .milliseconds(1_500))
            guard
                case .unavailable(let contention) = try await scene.stores[2].acquire(
                    StoreScene.request(patience: .none)
                )
            else {
                Issue.record("it was free")
                return
            }
            #expect(contention.holders.map(\.label) == ["job"])
            await scene.stores[0].close()
            let next = try await waiter.value
            let waited = start.duration(to: .now)
            #expect(waited > .milliseconds(1_450) && waited < .seconds(10), "\(waited)")
            #expect(next.token > grant.token && losses.all.isEmpty)
        }
    }

    @Test func `It lasts longer than its lease, and no renewal or late copy changes that`() async throws {
        try await StoreScene.with { scene in
            let request = try StoreScene.request(ttl: .milliseconds(300))
            _ = try await scene.take(request, on: 0)
            #expect(try await scene.stores[0].release(request.claim, after: .seconds(30)) == .released)
            let renewals = await scene.stores[1].renew([RenewalRequest(claim: request.claim, ttl: .milliseconds(300))])
            guard case .refused = renewals.first else {
                Issue.record("\(renewals)")
                return
            }
            await #expect(throws: CancellationError.self) { try await scene.stores[1].acquire(request) }
            #expect(try await scene.remaining() > 20_000)
            // Sent again it may end earlier, and not later.
            #expect(try await scene.stores[0].release(request.claim, after: .seconds(60)) == .released)
            #expect(try await scene.remaining() <= 30_000)
            #expect(try await scene.stores[1].release(request.claim, after: .seconds(2)) == .released)
            #expect(try await scene.remaining() <= 2_000)
            #expect(try await scene.server.command(["PTTL", "{\(Self.name)}:dlock:fence"]).number ?? 0 > 3_600_000)
            #expect(try await scene.stores[0].release(request.claim) == .released)
            #expect(try await scene.server.remainsOfLocks().isEmpty)
        }
    }

    @Test func `Nothing is kept of a claim that is not held`() async throws {
        try await StoreScene.with { scene in
            let request = try StoreScene.request()
            _ = try await scene.stores[0].status(of: request.claim.name)
            #expect(try await scene.stores[0].release(request.claim, after: .seconds(60)) == .notHeld)
            let grant = try await scene.take(request, on: 0)
            let waiting = try StoreScene.request()
            let waiter = try await scene.queue(waiting, on: 1)
            #expect(try await scene.stores[1].release(waiting.claim, after: .seconds(60)) == .notHeld)
            _ = await waiter.result
            #expect(try await scene.waiterCount(of: request.claim.name) == 0)
            #expect(try await scene.remaining() > 50_000 && grant.lossSignal != nil)
            #expect(try await scene.stores[0].release(request.claim, after: .zero) == .released)
            #expect(try await scene.server.remainsOfLocks().isEmpty)
        }
    }

    @Test func `Whoever ends it meanwhile ends nothing that anybody holds`() async throws {
        try await StoreScene.with { scene in
            let request = try StoreScene.request()
            let losses = Losses(of: try await scene.take(request, on: 0))
            // For so long that the server tells of changes.
            try await Task.sleep(for: .milliseconds(300))
            #expect(try await scene.stores[0].release(request.claim, after: .seconds(60)) == .released)
            try await scene.server.command(["DEL", Self.name])
            // What the server has told before this answer has been seen.
            _ = try await scene.stores[0].status(of: request.claim.name)
            _ = try await scene.take(try StoreScene.request(), on: 1)
            _ = try await scene.stores[0].status(of: request.claim.name)
            #expect(losses.all.isEmpty)
        }
    }

    @Test func `If the first waiter leaves, the next one looks when the time is over`() async throws {
        try await StoreScene.with { scene in
            let request = try StoreScene.request()
            _ = try await scene.take(request, on: 0)
            let (first, second) = (try StoreScene.request(), try StoreScene.request())
            let firstWait = try await scene.queue(first, on: 1)
            let secondWait = try await scene.queue(second, on: 2)
            let start = ContinuousClock.now
            #expect(try await scene.stores[0].release(request.claim, after: .milliseconds(1_500)) == .released)
            #expect(try await scene.stores[1].release(first.claim) == .released)
            #expect(try await secondWait.value.claim == second.claim)
            #expect(start.duration(to: .now) < .seconds(10), "its next regular look is later")
            _ = await firstWait.result
        }
    }

    @Test(arguments: [true, false])
    func `A forced release ends it, also by its owner and token`(_ byOwner: Bool) async throws {
        try await StoreScene.with { scene in
            let request = try StoreScene.request(label: "job")
            let grant = try await scene.take(request, on: 0)
            let waiter = try await scene.queue(try StoreScene.request(), on: 1)
            #expect(try await scene.stores[0].release(request.claim, after: .seconds(60)) == .released)
            let condition = byOwner ? HolderCondition.owner(request.claim.owner) : .token(grant.token)
            #expect(try await scene.stores[2].forceRelease(request.claim.name, from: condition).map(\.label) == ["job"])
            #expect(try await waiter.value.token > grant.token)
        }
    }

    @Test(arguments: NetworkFault.allCases)
    func `A lost reply is made good by asking again with what is left`(_ fault: NetworkFault) async throws {
        try await FaultScene.with(requestTimeout: fault.requestTimeout) { scene in
            let request = try StoreScene.request()
            guard case .granted(let grant) = try await scene.store.acquire(request) else {
                Issue.record("it was not free")
                return
            }
            let end = ContinuousClock.now + .seconds(4)
            let store = scene.store
            _ = try await fault.strike(in: scene, { $0.runs(.release) }) {
                try await store.release(request.claim, after: .seconds(4))
            }
            try await waitUntil("an answer") {
                let rest = ContinuousClock.now.duration(to: end)
                return (try? await store.release(request.claim, after: rest)) == .released
            }
            let remaining = Duration.milliseconds(try await scene.server.command(["PTTL", Self.name]).number ?? -2)
            #expect(remaining <= ContinuousClock.now.duration(to: end) + .seconds(1), "\(remaining)")
            let lease = try await scene.otherLock.acquire(timeout: .seconds(20))
            #expect(ContinuousClock.now > end - .milliseconds(50) && lease.fencingToken > grant.token)
            await lease.release()
            try await scene.expectHealthy(after: lease.fencingToken)
        }
    }

    @Test func `Where replicas have to confirm, it counts once they know of it`() async throws {
        try await TestRedisServer.with { primary in
            try await primary.withReplica { replica in
                var configuration = try RedisConfiguration(url: "redis://127.0.0.1:\(primary.port)")
                configuration.requiredReplicas = 1
                configuration.replicaTimeout = .milliseconds(300)
                let store = try RedisStore(configuration)
                let request = try StoreScene.request()
                // A replica that has only just got the data does not confirm yet.
                try await waitUntil("a grant") {
                    guard case .granted = try? await store.acquire(request) else { return false }
                    return true
                }
                try await replica.pause()
                await #expect(throws: LockError.self) { try await store.release(request.claim, after: .seconds(90)) }
                replica.resume()
                try await waitUntil("a confirmation") {
                    (try? await store.release(request.claim, after: .seconds(90))) == .released
                }
                #expect(try await replica.command(["GET", Self.name]).text?.contains(" later ") == true)
                #expect(try await replica.command(["PTTL", Self.name]).number ?? 0 > 60_000)
                await store.close()
            }
        }
    }
}
