import DistributedLocksTesting
import Testing

@testable import DistributedLocks

@Suite struct LeaseClockTests {
    @Test func instants() {
        let start = LeaseClock.Instant(offset: .seconds(5))
        #expect(start.advanced(by: .seconds(-7)).offset == .seconds(-2))
        #expect(start.duration(to: .at(8)) == .seconds(3))
        #expect(start.duration(to: .at(1)) == .seconds(-4))
        #expect(LeaseClock.Instant.at(1) < .at(1.5))
    }

    @Test("It shows what its base shows, counted from the origin")
    func base() {
        let base = ManualClock()
        base.jump(by: .seconds(10))
        let clock = LeaseClock(base)
        #expect(clock.now == .at(0))
        base.jump(by: .seconds(2))
        #expect(clock.now == .at(2))
        #expect(LeaseClock(base, origin: .at(11)).now == .at(1))
        #expect(clock.minimumResolution == .nanoseconds(1))
    }

    @Test("Sleeping ends at the deadline")
    func sleep() async throws {
        let base = ManualClock()
        let clock = base.leaseClock
        let task = Task { try await clock.sleep(until: .at(3)) }
        await base.settle { base.sleeperCount == 1 }
        base.jump(to: .at(2.9))
        #expect(base.sleeperCount == 1)
        base.jump(to: .at(3))
        try await task.value
    }

    @Test("Sleeping ends at once on cancellation")
    func cancelled() async {
        let base = ManualClock()
        let clock = base.leaseClock
        let task = Task { try await clock.sleep(until: .at(3)) }
        await base.settle { base.sleeperCount == 1 }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }

    @Test(
        "An instant at the end of time is as good as any other",
        arguments: [Int64.max, Int64.max / 2, 1_000_000_000_000]
    )
    func endOfTime(seconds: Int64) async {
        // On the real clock, whose own sleep traps; nothing is waited for.
        let task = Task { try await LeaseClock.continuous.sleep(for: .seconds(seconds)) }
        await Task.yield()
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }

    @Test("A sleep of several years ends when it should")
    func years() async throws {
        let base = ManualClock()
        let clock = base.leaseClock
        let end = LeaseClock.Instant(offset: .seconds(3 * 365 * 86_400 + 5))
        let done = Recorder<Bool>()
        let task = Task {
            try await clock.sleep(until: end)
            done.add(true)
        }
        for year in 1...3 {
            let step = LeaseClock.Instant(offset: .seconds(year * 365 * 86_400))
            #expect(await base.settle { base.nextDeadline == step })
            #expect(done.count == 0)
            base.jump(to: step)
        }
        #expect(await base.settle { base.nextDeadline == end })
        base.jump(to: end)
        try await task.value
    }
}
