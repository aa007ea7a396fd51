import DistributedLocks

extension StoreConformance {
    static let deadlines = [
        ConformanceCheck(
            "deadlines.none",
            "an attempt without patience is answered at once, says who is in the way, and leaves nothing",
            if: .mode(.exclusive)
        ) { scene in
            let held = scene.claim()
            try await scene.take(held)
            let result = await scene.attempt(scene.claim(), on: 1)
            try expectContention(result, held: held, ahead: 0, scene)
            let waiters = try await scene.status(1).waiters.count
            try scene.expect(waiters == 0, "an attempt without patience does not queue", seen: "\(waiters) waiters")
        },
        ConformanceCheck(
            "deadlines.past",
            "a request whose deadline is past does not wait",
            if: .mode(.exclusive)
        ) { scene in
            let held = scene.claim()
            try await scene.take(held)
            for age in [Duration.zero, .milliseconds(1), .seconds(1)] {
                let deadline = scene.clock.now.advanced(by: .zero - age)
                let attempt = scene.begin(scene.claim(), on: 1, patience: .until(deadline))
                scene.journal.step = "a request whose deadline is past is answered at once"
                try expectContention(await attempt.end(), held: held, ahead: 0, scene)
            }
            try await scene.release(held)
            try await scene.expectIdle("nothing is left of a request that ran out of time")
        },
        ConformanceCheck(
            "deadlines.passes",
            "a wait ends at its deadline, not before and not much later, and leaves nothing",
            if: .mode(.exclusive),
            body: passes
        ),
        ConformanceCheck(
            "deadlines.ahead",
            "a request that ran out of time says how many were ahead of it",
            if: .mode(.exclusive),
            .fifo
        ) { scene in
            let held = scene.claim()
            try await scene.take(held)
            for number in 0..<3 { _ = try await scene.queue(scene.claim(), on: number) }
            let deadline = scene.clock.now.advanced(by: .milliseconds(200))
            let last = try await scene.before(deadline) {
                try await scene.queue(scene.claim(), on: 3, patience: .until(deadline))
            }
            try await scene.advance(by: .milliseconds(200))
            scene.journal.step = "a wait ends at its deadline"
            try expectContention(await last.end(), held: held, ahead: 3, scene)
        },
        ConformanceCheck(
            "deadlines.granted",
            "a claim that was granted in time stays held after the deadline of its wait",
            if: .mode(.exclusive)
        ) { scene in
            let held = scene.claim()
            try await scene.take(held)
            let wait = scene.fixture.slack
            let deadline = scene.clock.now.advanced(by: wait)
            let waiter = try await scene.before(deadline) {
                let waiter = try await scene.queue(scene.claim(), on: 1, patience: .until(deadline))
                try await scene.release(held)
                _ = try await scene.granted(waiter, "a released lock goes to who waits for it")
                return waiter
            }
            try await scene.advance(by: wait * 2)
            try await scene.expectHolders([waiter.claim], "a deadline of a wait does not end what it was granted")
        },
        ConformanceCheck(
            "deadlines.passesTurn",
            "when a waiter runs out of time, those who waited only for it have their turn",
            if: .mode(.exclusive),
            .mode(.shared),
            .fifo
        ) { scene in
            try await scene.take(scene.claim(.shared))
            let deadline = scene.clock.now.advanced(by: .milliseconds(200))
            let (writer, reader) = try await scene.before(deadline) {
                let writer = try await scene.queue(scene.claim(), on: 1, patience: .until(deadline))
                return (writer, try await scene.queue(scene.claim(.shared), on: 2))
            }
            try await scene.advance(by: .milliseconds(200))
            scene.journal.step = "a wait ends at its deadline"
            let result = await writer.end()
            try scene.expect(result.contention != nil, "a wait ends at its deadline", seen: result.summary)
            _ = try await scene.granted(reader, "a reader does not wait for a writer that has given up")
        },
    ]

    private static func passes(_ scene: Scene) async throws {
        let held = scene.claim()
        try await scene.take(held)
        let clock = scene.clock
        let wait = Duration.milliseconds(200)
        let deadline = clock.now.advanced(by: wait)
        let ends = Log<LeaseClock.Instant>()
        let pacer = Task {
            try await clock.sleep(until: deadline)
            _ = try await scene.client(2).status(of: scene.name)
            return deadline.duration(to: clock.now)
        }
        let waiter = scene.begin(
            scene.claim(),
            on: 1,
            patience: .until(deadline),
            onEnd: { _ in ends.append(clock.now) }
        )
        try await scene.advance(by: wait * 0.9)
        try await scene.observe()
        let rest = clock.now.duration(to: deadline)
        if rest > .zero { try await scene.advance(by: rest) }
        scene.journal.step = "a wait ends at its deadline"
        try expectContention(await waiter.end(), held: held, ahead: 0, scene)
        // What is late for everybody on this machine is not the store's fault.
        let allowance = try await pacer.value * 2 + scene.fixture.slack
        for late in ends.all.map({ deadline.duration(to: $0) }) {
            try scene.expect(
                late >= .zero && late <= allowance,
                "a wait ends at its deadline",
                seen: late < .zero ? "\(.zero - late) too early" : "\(late) too late"
            )
        }
        let waiters = try await scene.status(1).waiters.count
        try scene.expect(waiters == 0, "nothing is left of a request that ran out of time", seen: "\(waiters) waiters")
        try await scene.release(held)
        try await scene.expectIdle("a name goes to nobody who has given up")
    }

    /// The answer must be "unavailable", and what it says of holders and queue must not be wrong.
    private static func expectContention(
        _ result: Result<Acquisition, any Error>,
        held: LockClaim,
        ahead: Int,
        _ scene: Scene
    ) throws {
        guard let contention = result.contention else {
            throw scene.journal.failure(promised: "the answer is \"unavailable\"", seen: result.summary)
        }
        let labels = contention.holders.map(\.label)
        try scene.expect(
            labels.isEmpty || labels == [scene.holder(of: held).label],
            "the answer \"unavailable\" says who is in the way",
            seen: "\(contention.holders)"
        )
        let mayBeUnknown = scene.capabilities.ordering != .fifo
        try scene.expect(
            contention.ahead == ahead || (mayBeUnknown && contention.ahead == nil),
            "the answer \"unavailable\" says how many are ahead: \(ahead)",
            seen: "\(contention.ahead.map(String.init) ?? "nothing")"
        )
    }
}
