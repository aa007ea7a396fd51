import DistributedLocks
import DistributedLocksTesting
import Testing

@Suite("A store behind a bad line")
struct FaultyStoreTests {
    let clock = ManualClock()
    let base: MemoryStore
    let store: FaultyStore
    let name: LockName

    init() throws {
        base = MemoryStore(clock: clock.leaseClock, lifetime: .expiring(.milliseconds(100)...(.seconds(3_600))))
        store = FaultyStore(base)
        name = try LockName("a")
    }

    @Test("Without faults it conforms like the store behind it", arguments: StoreConformance.checks)
    func conforms(_ check: ConformanceCheck) async throws {
        let store = store
        if case .skipped(let reason) = try await check.run(on: StoreFixture(clock: clock) { store }) {
            try Test.cancel("\(reason)")
        }
    }

    @Test func lostRequestHasNoEffect() async throws {
        try store.inject(.lostRequest, into: .acquire)
        await #expect(throws: LockError.self) { try await acquire() }
        #expect(try await base.status(of: name).isIdle)
        #expect(try await acquire() != nil)
        #expect(store.callCount(of: .acquire) == 2)
    }

    @Test func lostReplyHasEffect() async throws {
        try store.inject(nil, .lostReply, into: .release)
        let claim = try #require(try await acquire()).claim
        #expect(try await store.release(claim) == .released)
        let other = try #require(try await acquire()).claim
        await #expect(throws: LockError.self) { try await store.release(other) }
        #expect(try await base.status(of: name).isIdle)
        #expect(try await store.release(other) == .notHeld)
    }

    @Test func renewalsFailForATime() async throws {
        let claim = try #require(try await acquire()).claim
        try store.keepInjecting(.lostRequest, into: [.renew])
        for _ in 0..<3 {
            guard case .unknown = await renew(claim) else { return _ = Issue.record("the fault does not last") }
        }
        store.heal()
        guard case .confirmed = await renew(claim) else { return _ = Issue.record("the fault lasts too long") }
    }

    @Test func stallsUntilToldToGoOn() async throws {
        try store.inject(.stalledRequest, .stalledReply, into: .acquire)
        let requests = [Task { try await acquire() }, Task { try await acquire(LockName("b")) }]
        #expect(await clock.settle { store.stalledCount == 2 })
        #expect(try await base.list().count == 1)
        store.resume()
        for request in requests { #expect(try await request.value != nil) }
        #expect(try await base.list().count == 2)
    }

    @Test func cancellationEndsAStall() async throws {
        try store.inject(.stalledRequest, into: .acquire)
        let request = Task { try await acquire() }
        #expect(await clock.settle { store.stalledCount == 1 })
        request.cancel()
        await #expect(throws: CancellationError.self) { try await request.value }
        #expect(store.stalledCount == 0)
        store.resume()
        #expect(try await base.list().isEmpty)
    }

    @Test func delaysOnTheClockOfTheStore() async throws {
        try store.inject(.delayedRequest(.seconds(1)), into: .acquire)
        let request = Task { try await acquire() }
        #expect(await clock.settle { clock.sleeperCount == 1 })
        #expect(try await base.list().isEmpty)
        clock.jump(by: .seconds(1))
        #expect(try await request.value != nil)
    }

    @Test func aCutLineLeavesEverythingAsItIs() async throws {
        let held = try #require(try await acquire()).claim
        let waiter = Task { try await acquire(patience: .unlimited) }
        #expect(try await clock.settle { try await base.status(of: name).waiters.count == 1 })
        store.cutOff()
        await #expect(throws: LockError.unreachable(store: "memory:", reason: "the line is cut off")) {
            try await waiter.value
        }
        await #expect(throws: LockError.self) { try await store.release(held) }
        let status = try await base.status(of: name)
        #expect(status.holders.count == 1 && status.waiters.count == 1)
        store.reconnect()
        #expect(try await store.release(held) == .released)
    }

    @Test func losses() async throws {
        let first = try #require(try await acquire())
        let second = try #require(try await acquire(LockName("b")))
        let heard = LossCounter(first, second)
        try store.raiseLoss(.revoked, of: first.claim)
        try await store.lose(second.claim)
        #expect(heard.reasons == [.revoked, .removed])
        #expect(try await base.list().map(\.name) == [name])
    }

    @Test func `What cannot happen to the store is refused, so that no test passes without testing anything`()
        async throws
    {
        let lasting = FaultyStore(MemoryStore(clock: clock.leaseClock))
        #expect(throws: LockError.unsupported(store: "memory:", feature: "leases that are renewed")) {
            try lasting.keepInjecting(.lostRequest, into: [.acquire, .renew])
        }
        #expect(throws: LockError.self) { try lasting.inject(.lostReply, into: .renew) }
        _ = try await lasting.status(of: name)
        #expect(lasting.callCount(of: .status) == 1)
        let modest = FaultyStore(ToyStore(.hidesAbilities, clock: clock.leaseClock, expires: true))
        for operation in [FaultyStore.Operation.list, .forceRelease, .releaseLater] {
            #expect(throws: LockError.self) { try modest.inject(.lostReply, into: operation) }
        }
        try modest.inject(.lostReply, into: .renew)
        let claim = try #require(try await acquire()).claim
        #expect(throws: LockError.unsupported(store: "toy:", feature: "telling a holder of its loss")) {
            try modest.raiseLoss(.removed, of: claim)
        }
        _ = try await store.release(claim)
        #expect(throws: LockError.self) { try store.raiseLoss(.removed, of: claim) }
        await #expect(throws: LockError.self) { try await store.lose(claim) }
    }

    @Test func randomFaultsFollowTheSeed() async throws {
        var rates = FaultRates()
        rates.lostRequests = 300
        rates.lostReplies = 300
        var outcomes: [[Bool]] = []
        for _ in 0..<2 {
            let store = FaultyStore(base)
            store.injectAtRandom(rates, seed: 7)
            var works: [Bool] = []
            for _ in 0..<50 { works.append((try? await store.status(of: name)) != nil) }
            outcomes.append(works)
        }
        #expect(outcomes[0] == outcomes[1])
        #expect((5...35).contains(outcomes[0].count { $0 }))
    }

    private func acquire(_ name: LockName? = nil, patience: LockRequest.Patience = .none) async throws -> Grant? {
        let claim = LockClaim(name: name ?? self.name, mode: .exclusive, owner: OwnerID(from: .system))
        let request = LockRequest(claim: claim, holder: Holder(), ttl: .seconds(60), patience: patience)
        guard case .granted(let grant) = try await store.acquire(request) else { return nil }
        return grant
    }

    private func renew(_ claim: LockClaim) async -> Renewal? {
        await store.renew([RenewalRequest(claim: claim, ttl: .seconds(60))]).first
    }
}
