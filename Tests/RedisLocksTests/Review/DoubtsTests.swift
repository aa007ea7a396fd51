import DistributedLocks
import DistributedLocksTesting
import Testing

@testable import RedisLocks

@Suite("Requests that may still arrive")
struct DoubtsTests {
    private static let ttl = Duration.seconds(10)

    @Test("are not remembered for ever if nobody ever gets through to give them back")
    func bounded() {
        let clock = ManualClock()
        let doubts = Doubts(clock: clock.leaseClock)
        for _ in 0..<50 {
            for _ in 0..<200 {
                doubts.note(OwnerID(from: .system), on: 1, ttl: Self.ttl, after: RequestFailure.overdue)
            }
            clock.jump(by: .seconds(3_600))
        }
        #expect(doubts.count <= 400)
    }

    @Test("are remembered while they matter, however many there are")
    func kept() {
        let doubts = Doubts(clock: ManualClock().leaseClock)
        let owners = (0..<1_000).map { _ in OwnerID(from: .system) }
        for owner in owners { doubts.note(owner, on: 1, ttl: Self.ttl, after: RequestFailure.overdue) }
        #expect(owners.allSatisfy { doubts.contains($0) && doubts.refusal(of: $0, on: 2) == Self.ttl * 2 })
        #expect(owners.allSatisfy { doubts.refusal(of: $0, on: 1) == .zero })
        for owner in owners { doubts.remove(owner) }
        #expect(doubts.count == 0)
    }
}
