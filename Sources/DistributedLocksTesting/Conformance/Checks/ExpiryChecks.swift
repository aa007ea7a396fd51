import DistributedLocks

extension StoreConformance {
    static let expiry = [
        ConformanceCheck(
            "expiry.handsOver",
            "a claim that is not renewed goes to the next waiter when its lease is over, and not before",
            if: .expiring,
            .mode(.exclusive)
        ) { scene in
            let before = scene.clock.now
            let waiter = try await scene.withinLease {
                try await scene.take(scene.claim(), ttl: scene.shortTTL)
                let waiter = try await scene.queue(scene.claim(), on: 1)
                try await scene.advance(by: scene.shortTTL * 0.7)
                try await scene.observe()
                try scene.expectWaiting(waiter, promise: "a claim is held for the whole of its lease")
                return waiter
            }
            try await scene.advance(by: scene.shortTTL * 0.3 + scene.fixture.slack)
            _ = try await scene.granted(waiter, "an expired claim goes to the next waiter without anybody's help")
            let lasted = before.duration(to: scene.clock.now)
            try scene.expect(
                lasted >= scene.shortTTL - LeaseTerm(ttl: scene.shortTTL).driftAllowance,
                "a claim is held for the whole of its lease",
                seen: "it was handed over after \(lasted) of \(scene.shortTTL)"
            )
        },
        ConformanceCheck(
            "expiry.freesTheName",
            "a claim that is not renewed keeps others out until its lease is over, and leaves nothing",
            if: .expiring,
            .mode(.exclusive)
        ) { scene in
            try await scene.withinLease {
                try await scene.take(scene.claim(), ttl: scene.shortTTL)
                try await scene.advance(by: scene.shortTTL * 0.7)
                try await scene.expectRefused(scene.claim(), on: 1, "a claim is held for the whole of its lease")
            }
            try await scene.advance(by: scene.shortTTL * 0.3 + scene.fixture.slack)
            try await scene.expectIdle("an expired claim leaves nothing", on: 1)
            let late = await scene.attempt(scene.claim(), on: 1)
            try scene.expect(late.grant != nil, "an expired claim is in nobody's way", seen: late.summary)
        },
        ConformanceCheck(
            "expiry.readers",
            "of those who hold together, only those that are not renewed go",
            if: .expiring,
            .mode(.shared),
            .mode(.exclusive)
        ) { scene in
            let silent = scene.claim(.shared)
            let steady = scene.claim(.shared)
            try await scene.take(silent, ttl: scene.shortTTL)
            try await scene.take(steady, on: 1)
            try await scene.advance(by: scene.shortTTL + scene.fixture.slack)
            try await scene.expectHolders([steady], "each claim has a lease of its own")
            try await scene.expectRefused(scene.claim(), on: 2, "a name is held as long as one of its holders is")
        },
        ConformanceCheck(
            "expiry.validity",
            "a grant counts until a little before the store may give the name to another",
            if: .expiring,
            .mode(.exclusive)
        ) { scene in
            let term = LeaseTerm(ttl: scene.shortTTL)
            let held = scene.claim()
            let grant = try await scene.take(held, ttl: term.ttl)
            try await expect(grant.validity, within: term, scene)
            let waiter = try await scene.before(deadline(grant.validity)) {
                let waiter = try await scene.queue(scene.claim(), on: 1, ttl: term.ttl)
                try await scene.advance(by: term.ttl / 4)
                try await scene.release(held)
                return waiter
            }
            let next = try await scene.granted(waiter, "a released lock goes to who waits for it")
            try await expect(next.validity, within: term, scene)
        },
        ConformanceCheck(
            "expiry.never",
            "grants of a store whose claims do not expire count until they are released",
            if: .lastsWithProcess,
            .mode(.exclusive)
        ) { scene in
            let claim = scene.claim()
            let grant = try await scene.take(claim, ttl: .milliseconds(1))
            try scene.expect(grant.validity == .unlimited, "a grant counts without end", seen: "\(grant.validity)")
            try await scene.advance(by: scene.fixture.slack)
            try await scene.expectHolders([claim], "a claim does not expire")
            let answers = await scene.client(0).renew([RenewalRequest(claim: claim, ttl: .milliseconds(1))])
            guard answers.count == 1, case .confirmed(.unlimited) = answers[0] else {
                throw scene.journal.failure(promised: "a renewal is confirmed, without end", seen: "\(answers)")
            }
        },
    ]

    static func deadline(_ validity: Grant.Validity) -> LeaseClock.Instant {
        if case .until(let deadline) = validity { deadline } else { LeaseClock.Instant(offset: .zero) }
    }

    /// The deadline must lie before the end of the lease by our clock, and before the end that the store reports.
    static func expect(_ validity: Grant.Validity, within term: LeaseTerm, _ scene: Scene) async throws {
        let now = scene.clock.now
        let promise = "a grant counts until ttl and drift allowance after the request was sent, at the latest"
        guard case .until(let deadline) = validity else {
            throw scene.journal.failure(promised: promise, seen: "\(validity)")
        }
        let latest = term.deadline(confirmedBySending: now)
        try scene.expect(deadline <= latest, promise, seen: "\(latest.duration(to: deadline)) more")
        let status = try await scene.status()
        guard let remaining = status.holders.first?.remaining else { return }
        let end = scene.clock.now.advanced(by: remaining)
        try scene.expect(
            deadline <= end,
            "a grant counts until the store may give the name to another, at the latest",
            seen: "\(end.duration(to: deadline)) more"
        )
    }
}
