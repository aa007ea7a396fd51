import DistributedLocks
import DistributedLocksTesting

@testable import ZooKeeperLocks

extension SimulatedProcess {
    /// The present, by its own clock.
    var now: LeaseClock.Instant { clock.read(simulation.now) }

    /// Something happens later, when the process runs.
    func schedule(_ delay: Duration, rank: Int = 0, _ body: @escaping () -> Void) {
        push(simulation.now + delay.nanoseconds, rank, body)
    }

    private func push(_ time: Int64, _ rank: Int, number: Int? = nil, _ body: @escaping () -> Void) {
        simulation.agenda.add(time, rank: rank, number: number) { [self] number in
            guard !isDead else { return }
            guard pausedUntil <= simulation.now else { return push(pausedUntil, rank, number: number, body) }
            body()
        }
    }

    /// Lets tasks and timers do what they have to, if it is time.
    func look() {
        guard !isDead else { return }
        time.jump(to: now)
        if !eventLoop.isIdle, !hasTurn {
            hasTurn = true
            later(isLoop: true) { [self] in
                hasTurn = false
                eventLoop.turn()
            }
        }
        takeJobs()
        while nextJob < lastJob {
            nextJob += 1
            let number = nextJob
            later { [self] in runJob(number) }
        }
        guard let next = time.nextDeadline, wake.map({ next < $0 || $0 <= now }) ?? true else { return }
        wake = next
        // What comes of it is done with the next look, which follows at once.
        push(max(simulation.now, clock.time(of: next)), 0) {}
    }

    /// As threads do: at once, or when others have had their turn. Now and then that takes very long, for one task or for all.
    private func later(isLoop: Bool = false, _ body: @escaping () -> Void) {
        let rank = isLoop ? 0 : 1
        guard simulation.chance(4) else { return schedule(.zero, rank: rank, body) }
        let isLong = simulation.chance(25) && simulation.world.troubles.contains(.pauses) && !simulation.isCalm
        guard isLong else { return schedule(simulation.time(.zero...view.times.timeout / 100), rank: rank, body) }
        // The interesting ones last as long as a session.
        let shortest = simulation.chance(50) ? .zero : view.times.timeout
        let delay = simulation.time(shortest...view.times.timeout * 3 / 2)
        guard isLoop || simulation.chance(60) else { return schedule(delay, rank: rank, body) }
        note("stands still in the middle of something for \(delay)")
        pausedUntil = max(pausedUntil, simulation.now + delay.nanoseconds)
        // What was begun comes before whatever has arrived meanwhile.
        schedule(.zero, rank: rank - .max / 2, body)
    }

    private func takeJobs() {
        for job in threads.take() {
            lastJob += 1
            jobs[lastJob] = job
        }
    }

    private func runJob(_ number: Int) {
        if let job = jobs.removeValue(forKey: number) { threads.run(job) }
    }

    /// Does everything that there is to do, at once.
    ///
    /// - Returns: Whether there was anything.
    func runEverything() -> Bool {
        takeJobs()
        guard !jobs.isEmpty || !eventLoop.isIdle else { return false }
        for number in jobs.keys.sorted() { runJob(number) }
        eventLoop.turn()
        return true
    }
}
