import DistributedLocks

extension StoreConformance {
    static let repetition = [
        ConformanceCheck(
            "repetition.held",
            "a request that is repeated by its owner while it holds is granted again, with the same token, and counts once",
            if: .mode(.exclusive)
        ) { scene in
            let claim = scene.claim()
            let first = try await scene.take(claim)
            let again = try await scene.takeAtOnce(claim, "a repeated request is granted again")
            try scene.expect(
                again.token == first.token,
                "a repeated request is the same acquisition",
                seen: "token \(again.token) after \(first.token)"
            )
            let holders = try await scene.status().holders
            try scene.expect(holders.count == 1, "a repeated request holds once", seen: "\(holders.count) holders")
            try await scene.release(claim)
            try await scene.expectIdle("one release is enough for a repeated request")
            try await scene.take(scene.claim(), on: 1)
        },
        ConformanceCheck(
            "repetition.permit",
            "a repeated request takes one permit, not two",
            if: .mode(.permit)
        ) { scene in
            let claim = scene.claim(.permit(of: 2))
            for _ in 0..<3 { try await scene.take(claim) }
            let other = scene.claim(.permit(of: 2))
            try await scene.takeAtOnce(other, on: 1, "a repeated request takes one permit")
            try await scene.expectRefused(scene.claim(.permit(of: 2)), "there are no more permits than the limit")
            try await scene.release(claim)
            try await scene.take(scene.claim(.permit(of: 2)), on: 1)
        },
        ConformanceCheck(
            "repetition.queued",
            "a request that is repeated after its wait was cancelled is served, and counts once",
            if: .mode(.exclusive)
        ) { scene in
            let held = scene.claim()
            try await scene.take(held)
            let waiter = try await scene.queue(scene.claim())
            waiter.cancel()
            try await scene.expectCancelled(waiter)
            let again = try await scene.queue(waiter.claim)
            try await scene.observe()
            let waiters = try await scene.status().waiters
            try scene.expect(waiters.count <= 1, "a repeated request waits once", seen: "\(waiters.count) waiters")
            try await scene.release(held)
            _ = try await scene.granted(again, "a repeated request is served")
            try await scene.release(again.claim)
            try await scene.expectIdle("one release is enough for a repeated request")
        },
    ]
}
