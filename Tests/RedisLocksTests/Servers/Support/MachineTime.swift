import Dispatch
import DistributedLocks
import Foundation

/// The machine's monotonic clock in microseconds, which all processes share, and what happened when by it.
enum MachineTime {
    /// The present.
    static var now: Int64 { Int64(DispatchTime.now().uptimeNanoseconds / 1_000) }

    /// When the server has issued a token: tokens are times, by the wall clock of this machine.
    static func of(_ token: FencingToken) -> Int64 {
        let wallClock = Int64(Date().timeIntervalSince1970 * 1e6)
        return Int64(token.rawValue) - wallClock + now
    }

    /// When that is (or was) which a store calls so.
    static func of(_ instant: LeaseClock.Instant) -> Int64 {
        let distance = LeaseClock.continuous.now.duration(to: instant)
        return now + Int64(distance / .microseconds(1))
    }
}
