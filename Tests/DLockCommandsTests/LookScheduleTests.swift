import DistributedLocks
import Testing

@testable import DLockCommands

@Suite struct LookScheduleTests {
    @Test func `Looks become rarer, and the last is at the deadline`() {
        let start = LeaseClock.Instant(offset: .seconds(100))
        var schedule = LookSchedule(start: start, timeout: .seconds(10), first: .milliseconds(20), longest: .seconds(1))
        var looks = [start]
        while let last = looks.last, let next = schedule.next(at: last) { looks.append(next) }
        let pauses = zip(looks, looks.dropFirst()).map { $0.duration(to: $1) }
        #expect(pauses.first == .milliseconds(20))
        #expect(pauses.dropLast().max() == .seconds(1))
        #expect(looks.last == start.advanced(by: .seconds(10)))
        #expect(looks.count < 25)
    }

    @Test func `Without a limit there is always another look`() {
        var schedule = LookSchedule(
            start: LeaseClock.Instant(offset: .zero),
            timeout: nil,
            first: .seconds(1),
            longest: .seconds(5)
        )
        var now = LeaseClock.Instant(offset: .zero)
        for _ in 0..<100 { now = schedule.next(at: now) ?? now }
        #expect(now > LeaseClock.Instant(offset: .seconds(450)))
    }
}
