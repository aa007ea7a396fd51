import DistributedLocks

extension StoreConformance {
    static let renewal = [
        ConformanceCheck(
            "renewal.extends",
            "a renewed claim is held for another lease from then on, and no longer",
            if: .expiring,
            .mode(.exclusive)
        ) { scene in
            let term = LeaseTerm(ttl: scene.shortTTL)
            let held = scene.claim()
            var validity = try await scene.take(held, ttl: term.ttl).validity
            for _ in 0..<3 {
                validity = try await scene.before(deadline(validity)) {
                    try await scene.advance(by: term.ttl * 0.6)
                    return try await confirm(held, ttl: term.ttl, scene)
                }
                try await expect(validity, within: term, scene)
            }
            try await scene.before(deadline(validity)) {
                try await scene.expectRefused(scene.claim(), on: 1, "a renewed claim is still held")
            }
            try await scene.advance(by: term.ttl + scene.fixture.slack)
            try await scene.expectIdle("a claim that is not renewed any more ends")
        },
        ConformanceCheck(
            "renewal.neverResurrects",
            "a claim whose lease is over cannot be renewed, whether or not somebody else has the name",
            if: .expiring,
            .mode(.exclusive)
        ) { scene in
            let old = scene.claim()
            try await scene.take(old, ttl: scene.shortTTL)
            try await scene.advance(by: scene.shortTTL + scene.fixture.slack)
            try await expectRefusal(of: old, scene)
            try await scene.expectIdle("a renewal does not bring a lost claim back")
            let next = scene.claim()
            try await scene.take(next, on: 1)
            try await expectRefusal(of: old, scene)
            try await scene.expectHolders([next], "a renewal that is refused leaves the holder alone")
        },
        ConformanceCheck(
            "renewal.afterRelease",
            "a claim that was released, or never held, cannot be renewed",
            if: .expiring,
            .mode(.exclusive)
        ) { scene in
            let old = scene.claim()
            try await expectRefusal(of: old, scene)
            try await scene.take(old)
            try await scene.release(old)
            try await expectRefusal(of: old, scene)
            try await scene.expectIdle("a renewal does not bring a lost claim back")
        },
        ConformanceCheck(
            "renewal.wrongOwner",
            "nobody can renew what another owner holds, nor a claim that only waits",
            if: .expiring,
            .mode(.exclusive)
        ) { scene in
            let held = scene.claim()
            let waiter = try await scene.withinLease {
                try await scene.take(held, ttl: scene.shortTTL)
                let waiter = try await scene.queue(scene.claim(), on: 1)
                try await scene.advance(by: scene.shortTTL * 0.6)
                try await expectRefusal(of: scene.claim(), scene)
                try await expectRefusal(of: waiter.claim, on: 1, scene)
                return waiter
            }
            try await scene.advance(by: scene.shortTTL * 0.4 + scene.fixture.slack)
            _ = try await scene.granted(waiter, "a refused renewal does not extend another's lease")
        },
        ConformanceCheck(
            "renewal.batch",
            "renewals in one batch are answered each by itself, in their order",
            if: .expiring,
            .mode(.exclusive)
        ) { scene in
            var requests: [RenewalRequest] = []
            for number in 0..<9 {
                let claim = scene.claim(of: try scene.name("/\(number)"))
                if number % 3 != 0 { try await scene.take(claim) }
                requests.append(RenewalRequest(claim: claim, ttl: scene.longTTL))
            }
            scene.journal.step = "renewals are answered"
            let answers = await scene.client(0).renew(requests)
            let seen = answers.map { if case .confirmed = $0 { true } else { false } }
            let wanted = requests.indices.map { $0 % 3 != 0 }
            try scene.expect(seen == wanted, "held claims are confirmed, others refused, in order", seen: "\(answers)")
            let none = await scene.client(0).renew([])
            try scene.expect(none.isEmpty, "no requests, no answers", seen: "\(none)")
        },
    ]

    static func expectRefusal(of claim: LockClaim, on client: Int = 0, _ scene: Scene) async throws {
        scene.journal.step = "renewals are answered"
        let answers = await scene.client(client).renew([RenewalRequest(claim: claim, ttl: scene.longTTL)])
        guard answers.count == 1, case .refused = answers[0] else {
            throw scene.journal.failure(promised: "a renewal of what is not held is refused", seen: "\(answers)")
        }
    }

    private static func confirm(_ claim: LockClaim, ttl: Duration, _ scene: Scene) async throws -> Grant.Validity {
        scene.journal.step = "renewals are answered"
        let answers = await scene.client(0).renew([RenewalRequest(claim: claim, ttl: ttl)])
        guard answers.count == 1, case .confirmed(let validity) = answers[0] else {
            throw scene.journal.failure(promised: "a renewal of what is held is confirmed", seen: "\(answers)")
        }
        return validity
    }
}
