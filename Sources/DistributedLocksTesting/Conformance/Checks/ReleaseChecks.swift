import DistributedLocks

extension StoreConformance {
    static let release = [
        ConformanceCheck("release.twice", "a second release finds nothing and harms nobody", if: .mode(.exclusive)) {
            scene in
            let first = scene.claim()
            try await scene.take(first)
            try await scene.release(first)
            try await expectNotHeld(first, scene)
            let second = scene.claim()
            try await scene.take(second, on: 1)
            try await expectNotHeld(first, scene)
            try await scene.expectHolders([second], "a late second release leaves the next holder alone")
        },
        ConformanceCheck(
            "release.unknown",
            "a claim that never reached the store can be released",
            if: .mode(.exclusive)
        ) { scene in
            for client in scene.clients.indices { try await expectNotHeld(scene.claim(), on: client, scene) }
            try await scene.expectIdle("a release of nothing leaves nothing")
        },
        ConformanceCheck("release.wrongOwner", "nobody can release what another owner holds", if: .mode(.exclusive)) {
            scene in
            let held = scene.claim()
            try await scene.take(held)
            for client in scene.clients.indices { try await expectNotHeld(scene.claim(), on: client, scene) }
            try await scene.expectHolders([held], "a release compares the owner")
            try await scene.expectRefused(scene.claim(), on: 1, "a release by the wrong owner frees nothing")
        },
        ConformanceCheck(
            "release.queued",
            "the release of a queued claim withdraws it, and lets those pass who waited only for it",
            if: .mode(.exclusive),
            .mode(.shared),
            .fifo
        ) { scene in
            let reader = scene.claim(.shared)
            try await scene.take(reader)
            let writer = try await scene.queue(scene.claim(), on: 1)
            let second = try await scene.queue(scene.claim(.shared), on: 2)
            writer.cancel()
            try await scene.expectCancelled(writer)
            try await scene.withdraw(writer)
            _ = try await scene.granted(second, "a reader does not wait for a writer that has been withdrawn")
            try await scene.expectHolders([reader, second.claim], "a withdrawn claim is not granted")
        },
        ConformanceCheck(
            "release.handsOver",
            "what is released reaches the next waiter, of any client, without anybody's help",
            if: .mode(.exclusive)
        ) { scene in
            var held = scene.claim()
            try await scene.take(held)
            for number in 0..<(2 * scene.clients.count) {
                let waiter = try await scene.queue(scene.claim(), on: number + 1)
                try await scene.release(held, on: number)
                _ = try await scene.granted(waiter, "a released lock goes to who waits for it")
                held = waiter.claim
            }
        },
    ]

    private static func expectNotHeld(_ claim: LockClaim, on client: Int = 0, _ scene: Scene) async throws {
        scene.journal.step = "a release is answered"
        let outcome = try await scene.client(client).release(claim)
        try scene.expect(outcome == .notHeld, "a release of what is not held says so", seen: "\(outcome)")
    }
}
