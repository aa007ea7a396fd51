import DistributedLocks

/// The machine's monotonic clock in microseconds, which all processes share, and what happened when by it.
enum MachineTime {
    /// The present.
    static var now: Int64 { Int64(PeerProcess.now) / 1_000 }

    /// When the server has issued a token: tokens are times, by the wall clock of this machine.
    static func of(_ token: FencingToken) -> Int64 {
        Int64(token.rawValue) - WallClock.system.now.microseconds + now
    }

    /// When that is (or was) which a store calls so.
    static func of(_ instant: LeaseClock.Instant) -> Int64 {
        let distance = LeaseClock.continuous.now.duration(to: instant)
        return now + Int64(distance / .microseconds(1))
    }
}
