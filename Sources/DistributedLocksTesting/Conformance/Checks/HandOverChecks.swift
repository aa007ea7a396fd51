import DistributedLocks

extension StoreConformance {
    static let handOver = [
        ConformanceCheck(
            "handOver.one",
            "a release wakes one waiter, and the others go on waiting",
            if: .mode(.exclusive)
        ) { scene in
            let held = scene.claim()
            try await scene.take(held)
            var waiters: [Attempt] = []
            for number in 0..<5 { waiters.append(try await scene.queue(scene.claim(), on: number)) }
            try await scene.release(held)
            try await expectGrants(1, of: waiters, scene)
        },
        ConformanceCheck(
            "handOver.readers",
            "a release wakes all readers that can run together, and nobody else",
            if: .mode(.exclusive),
            .mode(.shared),
            .fifo
        ) { scene in
            let held = scene.claim()
            try await scene.take(held)
            var readers: [Attempt] = []
            for number in 0..<3 { readers.append(try await scene.queue(scene.claim(.shared), on: number)) }
            let writer = try await scene.queue(scene.claim(), on: 1)
            let later = try await scene.queue(scene.claim(.shared), on: 2)
            try await scene.release(held)
            try await expectGrants(3, of: readers + [writer, later], scene)
            try scene.expectWaiting(writer, later, promise: "readers behind a writer wait for it")
        },
        ConformanceCheck(
            "handOver.permits",
            "each permit that comes back wakes one waiter",
            if: .mode(.permit)
        ) { scene in
            let held = (0..<2).map { _ in scene.claim(.permit(of: 2)) }
            for (number, claim) in held.enumerated() { try await scene.take(claim, on: number) }
            var waiters: [Attempt] = []
            for number in 0..<4 { waiters.append(try await scene.queue(scene.claim(.permit(of: 2)), on: number)) }
            try await scene.release(held[0], on: 0)
            try await expectGrants(1, of: waiters, scene)
            try await scene.release(held[1], on: 1)
            try await expectGrants(2, of: waiters, scene)
        },
    ]

    /// So many have been granted, after a while and for a while; the others still wait.
    private static func expectGrants(_ count: Int, of waiters: [Attempt], _ scene: Scene) async throws {
        try await scene.eventually("a release hands the name on, to \(count) waiters") {
            waiters.count { $0.result != nil } >= count
        }
        try await scene.observe()
        let ended = waiters.compactMap(\.result)
        let strangers = ended.filter { $0.grant == nil }
        try scene.expect(strangers.isEmpty, "a waiter that is not served goes on waiting", seen: strangers[0].summary)
        try scene.expect(ended.count == count, "a release wakes exactly who can run", seen: "\(ended.count) were woken")
    }
}
