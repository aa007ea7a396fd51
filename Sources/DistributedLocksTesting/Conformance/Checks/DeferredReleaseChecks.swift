import DistributedLocks

extension StoreConformance {
    static let deferredRelease = [
        ConformanceCheck(
            "deferredRelease.keeps",
            "a claim that is to be given back later is held until then, longer than its lease if need be, and no longer",
            if: .releasesLater,
            .mode(.exclusive),
            body: keeps
        ),
        ConformanceCheck(
            "deferredRelease.handsOver",
            "what is given back later reaches the next waiter then, sooner than its lease ends, without anybody's help",
            if: .releasesLater,
            .mode(.exclusive),
            body: handsOver
        ),
        ConformanceCheck(
            "deferredRelease.wrongOwner",
            "nobody can have given back later what another owner holds, or what nobody holds",
            if: .releasesLater,
            .mode(.exclusive)
        ) { scene in
            for client in scene.clients.indices {
                try await keep(scene.claim(), for: .seconds(1), on: client, .notHeld, scene)
            }
            try await scene.expectIdle("a claim that is not held is not kept")
            let held = scene.claim()
            try await scene.take(held)
            let delay = Duration.milliseconds(50)
            for client in scene.clients.indices {
                try await keep(scene.claim(), for: delay, on: client, .notHeld, scene)
            }
            try await scene.advance(by: delay + scene.fixture.slack)
            try await scene.expectHolders([held], "a later release compares the owner")
        },
        ConformanceCheck(
            "deferredRelease.again",
            "asked again with what is left of the time, the store keeps the claim until the same moment",
            if: .releasesLater,
            .mode(.exclusive)
        ) { scene in
            let half = scene.shortTTL + scene.fixture.slack
            let held = scene.claim()
            try await scene.take(held)
            let end = scene.clock.now.advanced(by: half * 2)
            try await keep(held, for: half * 2, .released, scene)
            try await scene.before(end) {
                try await scene.advance(by: half)
                try await keep(held, for: scene.clock.now.duration(to: end), .released, scene)
                try await scene.expectRefused(scene.claim(), on: 1, "a claim is kept for the whole time")
            }
            try await scene.advance(by: max(.zero, scene.clock.now.duration(to: end)) + scene.fixture.slack)
            try await scene.expectIdle("a claim is not kept for longer since the store was asked twice")
        },
        ConformanceCheck(
            "deferredRelease.cutShort",
            "a claim that is kept can still be given back at once",
            if: .releasesLater,
            .mode(.exclusive)
        ) { scene in
            let held = scene.claim()
            try await scene.take(held)
            try await keep(held, for: scene.longTTL, .released, scene)
            _ = try await scene.client(0).release(held)
            try await scene.expectIdle("once a release has returned, the store holds nothing of the claim")
        },
        ConformanceCheck(
            "deferredRelease.outlivesClient",
            "a claim is kept for the whole time although the client that asked for it is closed",
            if: .releasesLater,
            .mode(.exclusive),
            body: outlivesClient
        ),
        ConformanceCheck(
            "deferredRelease.service",
            "holdAtLeast outlives the work and the service, for as long as it says",
            if: .releasesLater,
            .mode(.exclusive),
            body: outlivesService
        ),
        ConformanceCheck(
            "deferredRelease.refused",
            "a store that cannot give back later says so",
            if: .cannotReleaseLater,
            .mode(.exclusive)
        ) { scene in
            let held = scene.claim()
            try await scene.take(held)
            do {
                _ = try await scene.client(0).release(held, after: .seconds(1))
            } catch LockError.unsupported {
                return
            }
            throw scene.journal.failure(promised: "release(_:after:) throws LockError.unsupported", seen: "it returned")
        },
    ]

    private static func keep(
        _ claim: LockClaim,
        for delay: Duration,
        on client: Int = 0,
        _ wanted: ReleaseOutcome,
        _ scene: Scene
    ) async throws {
        scene.journal.step = "a later release is answered"
        let outcome = try await scene.client(client).release(claim, after: delay)
        try scene.expect(
            outcome == wanted,
            "a later release of what is held says so, and of nothing else",
            seen: "\(outcome)"
        )
    }

    private static func keeps(_ scene: Scene) async throws {
        let held = scene.claim()
        let delay = scene.shortTTL * 2
        let end = try await scene.withinLease {
            try await scene.take(held, ttl: scene.shortTTL)
            let end = scene.clock.now.advanced(by: delay)
            try await keep(held, for: delay, .released, scene)
            return end
        }
        try await scene.before(end) {
            try await scene.advance(by: delay * 0.7)
            try await scene.expectRefused(scene.claim(), on: 1, "a claim is kept for the whole time")
            let holders = try await scene.status(1).holders
            try scene.expect(
                holders.map(\.owner) == [held.owner],
                "the status shows a claim that is kept as held",
                seen: "\(holders.count) holders"
            )
        }
        try await scene.advance(by: max(.zero, scene.clock.now.duration(to: end)) + scene.fixture.slack)
        try await scene.expectIdle("a claim is kept for the time that was asked for, and no longer")
    }

    private static func handsOver(_ scene: Scene) async throws {
        let held = scene.claim()
        let grant = try await scene.take(held)
        let waiter = try await scene.queue(scene.claim(), on: 1)
        let delay = scene.shortTTL
        let start = scene.clock.now
        let end = start.advanced(by: delay)
        try await scene.before(end) {
            try await keep(held, for: delay, .released, scene)
            try await scene.advance(by: delay * 0.7)
            try await scene.observe()
            try scene.expectWaiting(waiter, promise: "a claim is kept for the whole time")
        }
        try await scene.advance(by: max(.zero, scene.clock.now.duration(to: end)) + scene.fixture.slack)
        let next = try await scene.granted(waiter, "what was kept goes to the next waiter without anybody's help")
        let kept = start.duration(to: scene.clock.now)
        try scene.expect(
            kept >= delay - LeaseTerm(ttl: delay).driftAllowance,
            "a claim is kept for the whole time",
            seen: "it was handed over after \(kept) of \(delay)"
        )
        try scene.expect(next.token > grant.token, "tokens grow", seen: "\(next.token) after \(grant.token)")
    }

    private static func outlivesService(_ scene: Scene) async throws {
        let service = LockService(scene.client(0))
        let atLeast = scene.shortTTL * 2
        let end = scene.clock.now.advanced(by: atLeast)
        try await scene.before(end) {
            let lease = try await service.lock(scene.name, options: LockOptions(holdAtLeast: atLeast)).acquire()
            scene.journal.step = "a lease can be released"
            let result = await lease.release()
            try scene.expect(result == .deferred, "a release before holdAtLeast is deferred", seen: "\(result)")
            await service.drain()
            try await scene.advance(by: scene.clock.now.duration(to: end) * 0.7)
            try await scene.expectRefused(scene.claim(), on: 1, "a name stays locked until holdAtLeast has passed")
        }
        try await scene.advance(by: max(.zero, scene.clock.now.duration(to: end)) + scene.fixture.slack)
        try await scene.expectIdle("a name does not stay locked for longer than holdAtLeast")
    }

    private static func outlivesClient(_ scene: Scene) async throws {
        guard scene.clients.count > 1 else { throw Skip(reason: "the fixture has one client") }
        let held = scene.claim()
        let delay = scene.shortTTL * 2
        try await scene.take(held)
        let end = scene.clock.now.advanced(by: delay)
        try await scene.before(end) {
            try await keep(held, for: delay, .released, scene)
            scene.journal.step = "a store can be closed"
            await scene.client(0).close()
            try await scene.advance(by: delay * 0.7)
            let result = await scene.attempt(scene.claim(), on: 1)
            if case .failure(LockError.closed) = result {
                throw Skip(reason: "all clients of this store are one object")
            }
            let promise = "a claim is kept although the client that asked for it is closed"
            try scene.expect(result.contention != nil, promise, seen: result.summary)
        }
        try await scene.advance(by: max(.zero, scene.clock.now.duration(to: end)) + scene.fixture.slack)
        try await scene.takeAtOnce(
            scene.claim(),
            on: 1,
            "a claim is kept for the time that was asked for, and no longer"
        )
    }
}
