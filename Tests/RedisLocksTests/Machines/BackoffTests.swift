import DistributedLocks
import DistributedLocksTesting
import NetworkSupport
import Testing

@testable import RedisLocks

@Suite("Pauses between attempts to connect")
struct BackoffTests {
    /// The limits of the pauses, in milliseconds.
    private static let limits = [50, 100, 200, 400, 800, 1_000, 1_000, 1_000]

    @Test("they are drawn from nothing up to a limit that doubles", arguments: 0..<20 as Range<UInt64>)
    func limits(_ seed: UInt64) {
        var backoff = Backoff(random: RandomSource(SeededGenerator(seed: seed)))
        for limit in Self.limits {
            let pause = backoff.next()
            #expect(pause >= .zero && pause <= .milliseconds(limit))
        }
    }

    @Test("the limits are reached, and so is nothing")
    func extremes() {
        var longest = Backoff(random: RandomSource(Constant(value: .max)))
        var shortest = Backoff(random: RandomSource(Constant(value: 0)))
        for limit in Self.limits {
            #expect(longest.next() > .milliseconds(limit) * 0.999)
            #expect(shortest.next() == .zero)
        }
    }

    @Test("after a success they are short again")
    func reset() {
        var backoff = Backoff(random: RandomSource(Constant(value: .max)))
        for _ in 0..<9 { _ = backoff.next() }
        #expect(backoff.next() > .milliseconds(900))
        backoff.reset()
        #expect(backoff.next() <= .milliseconds(50))
        #expect(backoff.next() > .milliseconds(50))
    }

    @Test("clients that begin together spread out")
    func spread() {
        let pauses = (0..<50 as Range<UInt64>).map { seed in
            var backoff = Backoff(random: RandomSource(SeededGenerator(seed: seed)))
            for _ in 0..<6 { _ = backoff.next() }
            return backoff.next()
        }
        #expect(Set(pauses).count == pauses.count)
        #expect(pauses.contains { $0 < .milliseconds(250) } && pauses.contains { $0 > .milliseconds(750) })
    }
}

/// Always the same number.
private struct Constant: RandomNumberGenerator, Sendable {
    let value: UInt64
    func next() -> UInt64 { value }
}
