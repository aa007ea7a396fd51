import DistributedLocks

/// The clock of one process: it began somewhere, and runs a little faster or slower than that of the servers.
struct SimulatedClock {
    /// What it showed at the beginning, in nanoseconds.
    let offset: Int64
    /// By how many millionths it is too fast.
    let error: Int64

    /// Draws one.
    init(of simulation: Simulation) {
        let limit = simulation.world.clockError
        offset = Int64(simulation.number(0...1_000)) * 1_000_000_000
        let error: Int64? = simulation.choice([
            -limit, -limit, limit, Int64(simulation.number(Int(-limit)...Int(limit))),
        ])
        self.error = simulation.flaw == .slowClock ? -500_000 : error ?? 0
    }

    /// What it shows.
    func read(_ time: Int64) -> LeaseClock.Instant {
        .init(offset: .nanoseconds(offset + time + time / 1_000_000 * error))
    }

    /// When it is going to show something, or has shown it; never too early.
    func time(of instant: LeaseClock.Instant) -> Int64 {
        let wanted = instant.offset.nanoseconds - offset
        var time = Int64(Double(wanted) * 1_000_000 / Double(1_000_000 + error))
        while read(time) < instant { time += 100 }
        return time
    }
}
