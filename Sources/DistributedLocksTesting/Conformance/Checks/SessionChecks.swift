import DistributedLocks

extension StoreConformance {
    static let session = [
        ConformanceCheck(
            "session.validity",
            "a grant counts until a deadline within the session timeout, which moves on while the store lives",
            if: .lastsWithSession,
            .mode(.exclusive)
        ) { scene in
            let claim = scene.claim()
            var deadline = deadline(try await scene.take(claim, ttl: .milliseconds(1)).validity)
            for _ in 0..<3 {
                let now = scene.clock.now
                let latest = now.advanced(by: try timeout(scene))
                try scene.expect(deadline > now, "a claim that is held counts for a while", seen: "no more")
                try scene.expect(
                    deadline <= latest,
                    "a grant counts for the session timeout at the most",
                    seen: "\(latest.duration(to: deadline)) more"
                )
                let last = deadline
                try await scene.eventually("a renewal moves the deadline on") {
                    try await scene.advance(by: .milliseconds(20))
                    guard case .confirmed(.until(let later)) = await renewal(of: claim, scene) else { return false }
                    deadline = later
                    return later > last
                }
            }
            try await scene.expectHolders([claim], "no time to live that is asked for ends a claim")
        },
        ConformanceCheck(
            "session.neverResurrects",
            "a claim that was given back cannot be renewed",
            if: .lastsWithSession,
            .mode(.exclusive)
        ) { scene in
            let claim = scene.claim()
            _ = try await scene.take(claim)
            try await scene.release(claim)
            let answer = await renewal(of: claim, scene)
            guard case .refused = answer else {
                throw scene.journal.failure(
                    promised: "a renewal is refused",
                    seen: "\(answer.map { "\($0)" } ?? "nothing")"
                )
            }
            try await scene.expectIdle("a renewal takes nothing")
        },
    ]

    private static func renewal(of claim: LockClaim, _ scene: Scene) async -> Renewal? {
        await scene.client(0).renew([RenewalRequest(claim: claim, ttl: .milliseconds(1))]).first
    }

    private static func timeout(_ scene: Scene) throws -> Duration {
        guard case .session(let timeout) = scene.capabilities.lifetime else {
            throw Skip(reason: "the store's claims do not end with a session")
        }
        return timeout
    }
}
