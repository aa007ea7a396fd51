import DistributedLocks

/// Waits until all that can go on without the time moving has gone on, as far as that can be seen from outside.
///
/// All sleepers that were woken have run. Then probes pass through the queues of the thread pool, at each priority that tasks of
/// the library have, round after round: what was enqueued before a probe has run before it. After some rounds in which nothing
/// happened on the clock there is nothing left, unless it takes more steps than that without ever looking at the clock.
struct Quiescence {
    private static let quietRounds = 12
    private static let priorities: [TaskPriority] = [.high, .medium, .low]

    let clock: ManualClock

    init(of clock: ManualClock) {
        self.clock = clock
    }

    func reached() async {
        var seen = clock.eventCount
        var quiet = 0
        while quiet < Self.quietRounds {
            await wokenHaveRun()
            for priority in Self.priorities { await probe(at: priority) }
            // The system may have suspended a thread in the middle of a task: real time lets it go on.
            if quiet % 4 == 3 { await pause() }
            let now = clock.eventCount
            quiet = now == seen ? quiet + 1 : 0
            seen = now
        }
    }

    /// Sleepers that were woken go on in their own time; bounded, should one depend on an executor that stands still.
    private func wokenHaveRun() async {
        var tries = 0
        while clock.wokenCount > 0, tries < 10_000 {
            tries += 1
            if tries.isMultiple(of: 20) { await pause() } else { await Task.yield() }
        }
    }

    /// Waits for a task at the end of the queue, without raising its priority as awaiting its value would.
    private func probe(at priority: TaskPriority) async {
        await withCheckedContinuation { continuation in
            _ = Task.detached(priority: priority) { continuation.resume() }
        }
    }

    private func pause() async {
        try? await ContinuousClock().sleep(for: .microseconds(200))
    }
}
