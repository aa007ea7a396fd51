import DistributedLocks
import Foundation

/// The machine's monotonic clock in microseconds, which all processes share, and what happened when by it.
enum MachineTime {
    /// The present.
    static var now: Int64 { read(CLOCK_MONOTONIC) }

    /// When the server has issued a token: tokens are times, by the wall clock of this machine.
    static func of(_ token: FencingToken) -> Int64 {
        Int64(token.rawValue) - read(CLOCK_REALTIME) + now
    }

    /// When that is (or was) which a store calls so.
    static func of(_ instant: LeaseClock.Instant) -> Int64 {
        let distance = LeaseClock.continuous.now.duration(to: instant)
        return now + Int64(distance / .microseconds(1))
    }

    private static func read(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000
    }
}
