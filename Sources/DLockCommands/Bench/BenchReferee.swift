import DistributedLocks
import Histogram
import Synchronization

/// Watches one name while clients contend for it: measures, and checks that nobody breaks a promise.
final class BenchReferee: Sendable {
    /// Who was served before whom, though the other was queued already.
    struct Overtaking: Hashable, Sendable {
        let winner: Int
        let loser: Int
    }

    private struct State {
        var sequence: UInt64 = 0
        var askedAt: [Int: UInt64] = [:]
        var queuedAt: [Int: UInt64] = [:]
        var holder: Int?
        var lastToken: FencingToken?
        var releaseStart: LeaseClock.Instant?
        var violations = 0
        var overtakings: [Overtaking: Int] = [:]
        var latencies = LatencyHistogram()
    }

    private let clock: LeaseClock
    private let state = Mutex(State())

    init(clock: LeaseClock) {
        self.clock = clock
    }

    /// Client `client` is about to ask.
    func asks(_ client: Int) {
        state.withLock { state in
            state.sequence += 1
            state.askedAt[client] = state.sequence
        }
    }

    /// The store has said that the request of `client` is in its queue.
    func isQueued(_ client: Int) {
        state.withLock { state in
            guard state.holder != client else { return }
            state.sequence += 1
            state.queuedAt[client] = state.sequence
        }
    }

    /// The body of `client` begins.
    func begins(_ client: Int, token: FencingToken) {
        let now = clock.now
        state.withLock { state in
            if let start = state.releaseStart.take() { state.latencies.record(start.duration(to: now)) }
            if state.holder != nil { state.violations += 1 }
            if let last = state.lastToken, token <= last { state.violations += 1 }
            state.holder = client
            state.lastToken = token
            state.queuedAt[client] = nil
            let asked = state.askedAt.removeValue(forKey: client) ?? 0
            for (other, queued) in state.queuedAt where queued < asked {
                state.overtakings[Overtaking(winner: client, loser: other), default: 0] += 1
            }
        }
    }

    /// The body of `client` has ended and its release is about to begin.
    func ends(_ client: Int) {
        let now = clock.now
        state.withLock { state in
            if state.holder != client { state.violations += 1 }
            state.holder = nil
            state.releaseStart = state.queuedAt.isEmpty ? nil : now
        }
    }

    /// What has been seen.
    var verdict: (latencies: LatencyHistogram, violations: Int, overtakings: [Overtaking: Int]) {
        state.withLock { ($0.latencies, $0.violations, $0.overtakings) }
    }
}
