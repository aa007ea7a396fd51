import DistributedLocks
import DistributedLocksTesting
import Testing

@testable import DLockCommands

@Suite("The referee of the benchmark")
struct BenchRefereeTests {
    private let clock = ManualClock()
    private let referee: BenchReferee

    init() {
        referee = BenchReferee(clock: clock.leaseClock)
    }

    private func token(_ number: UInt64) -> FencingToken { FencingToken(rawValue: number) }

    @Test("An orderly hand-over is measured and nothing is found")
    func orderly() {
        referee.asks(1)
        referee.begins(1, token: token(1))
        referee.asks(2)
        referee.isQueued(2)
        clock.jump(by: .seconds(1))
        referee.ends(1)
        clock.jump(by: .microseconds(70))
        referee.begins(2, token: token(2))
        let verdict = referee.verdict
        #expect(verdict.violations == 0)
        #expect(verdict.overtakings.isEmpty)
        #expect(verdict.latencies.count == 1)
        #expect(abs(verdict.latencies.maximumMicroseconds - 70) < 1)
    }

    @Test("A release that nobody waited for is not a hand-over")
    func idle() {
        referee.asks(1)
        referee.begins(1, token: token(1))
        referee.ends(1)
        referee.asks(2)
        referee.begins(2, token: token(2))
        #expect(referee.verdict.latencies.count == 0)
    }

    @Test("Two at a time, and tokens that do not grow, are violations")
    func violations() {
        referee.asks(1)
        referee.begins(1, token: token(5))
        referee.asks(2)
        referee.begins(2, token: token(6))
        #expect(referee.verdict.violations == 1)
        referee.ends(2)
        referee.asks(3)
        referee.begins(3, token: token(6))
        #expect(referee.verdict.violations == 2)
    }

    @Test("Only who asked after another was certainly queued overtakes")
    func overtaking() {
        referee.asks(1)
        referee.asks(2)
        referee.isQueued(1)
        referee.begins(2, token: token(1))
        #expect(referee.verdict.overtakings.isEmpty)
        referee.ends(2)
        referee.asks(2)
        referee.begins(2, token: token(2))
        #expect(referee.verdict.overtakings == [BenchReferee.Overtaking(winner: 2, loser: 1): 1])
    }
}
