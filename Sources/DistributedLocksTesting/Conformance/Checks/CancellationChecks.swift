import DistributedLocks

extension StoreConformance {
    static let cancellation = [
        ConformanceCheck(
            "cancellation.before",
            "a request of a cancelled task does not wait",
            if: .mode(.exclusive)
        ) { scene in
            let held = scene.claim()
            try await scene.take(held)
            for number in 0..<scene.clients.count {
                let waiter = scene.begin(scene.claim(), on: number)
                waiter.cancel()
                try await scene.expectCancelled(waiter)
                try await scene.withdraw(waiter)
            }
            let status = try await scene.status()
            try scene.expect(
                status.waiters.isEmpty && status.holders.count == 1,
                "nothing is left of a cancelled request once it has been released",
                seen: "\(status.waiters.count) waiters and \(status.holders.count) holders"
            )
        },
        ConformanceCheck(
            "cancellation.during",
            "a wait ends at once when its task is cancelled, leaves nothing, and the turn passes to the next",
            if: .mode(.exclusive)
        ) { scene in
            let held = scene.claim()
            try await scene.take(held)
            var waiters: [Attempt] = []
            for number in 0..<4 { waiters.append(try await scene.queue(scene.claim(), on: number)) }
            for waiter in waiters.dropLast() {
                waiter.cancel()
                try await scene.expectCancelled(waiter)
                try await scene.withdraw(waiter)
            }
            try await scene.release(held)
            _ = try await scene.granted(waiters[3], "the turn of cancelled waiters passes to the next")
            try await scene.release(waiters[3].claim, on: 3)
            try await scene.expectIdle("nothing is left of cancelled waits")
        },
        ConformanceCheck(
            "cancellation.atTheStart",
            "a request that is cancelled on its way leaves nothing once it has been released",
            if: .mode(.exclusive)
        ) { scene in
            for round in 0..<scene.fixture.rounds {
                let name = try scene.name("/\(round % 4)")
                let attempt = scene.begin(scene.claim(of: name), on: round)
                for _ in 0..<(round % 7) { await Task.yield() }
                attempt.cancel()
                scene.journal.step = "a cancelled request ends"
                let result = await attempt.end()
                try scene.expect(
                    result.isCancellation || result.grant != nil,
                    "a cancelled request on a free name is granted or ends with CancellationError",
                    seen: result.summary
                )
                try await scene.withdraw(attempt)
                try await scene.expectIdle(
                    "nothing is left of a cancelled request after its release",
                    on: round,
                    of: name
                )
            }
        },
        ConformanceCheck(
            "cancellation.racesGrant",
            "a wait that is cancelled while it is being granted leaves nothing once it has been released",
            if: .mode(.exclusive),
            body: raceGrant
        ),
    ]

    private static func raceGrant(_ scene: Scene) async throws {
        for round in 0..<scene.fixture.rounds {
            let held = scene.claim()
            try await scene.take(held, on: round)
            let waiter = scene.begin(scene.claim(), on: round + 1)
            let next = scene.begin(scene.claim(), on: round + 2)
            for _ in 0..<(round % 5) { await Task.yield() }
            async let release = scene.client(round).release(held)
            for _ in 0..<(round % 3) { await Task.yield() }
            waiter.cancel()
            _ = try await release
            scene.journal.step = "a cancelled wait ends"
            let result = await waiter.end()
            try scene.expect(
                result.isCancellation || result.grant != nil,
                "a wait that is cancelled ends with CancellationError, or with the grant that came first",
                seen: result.summary
            )
            try await scene.withdraw(waiter)
            _ = try await scene.granted(next, "the turn of a cancelled waiter passes to the next")
            try await scene.release(next.claim, on: round + 2)
            try await scene.expectIdle("nothing is left of a cancelled wait after its release", on: round)
        }
    }
}
