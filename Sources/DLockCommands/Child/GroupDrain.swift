import DistributedLocks
import Synchronization

/// Waits for what a command that was ended leaves in its process group, and says when that has had its time.
final class GroupDrain: Sendable {
    /// How long the group has to end by itself; `nil` if for ever.
    private let limit: Duration?
    private let clock: LeaseClock
    private let announce: @Sendable () -> Void
    private let report: @Sendable (RunEvent) -> Void
    private let timers = Mutex<[Task<Void, Never>]>([])

    /// How long the group takes before that is worth a word.
    private static let patience = Duration.seconds(1)

    /// Prepares to wait.
    ///
    /// - Parameters:
    ///   - limit: How long the group has to end by itself; `nil` if for ever.
    ///   - clock: What that is measured on.
    ///   - announce: Called when the group takes long.
    ///   - report: Called with ``RunEvent/groupEnded`` and ``RunEvent/groupLimitReached``.
    init(
        limit: Duration?,
        clock: LeaseClock,
        announce: @escaping @Sendable () -> Void,
        report: @escaping @Sendable (RunEvent) -> Void
    ) {
        self.limit = limit
        self.clock = clock
        self.announce = announce
        self.report = report
    }

    /// Reports the end of the group of a reaped child.
    func awaitGroup(of child: ChildProcess) {
        // A task of its own: signals and orders go on meanwhile. It ends with the group.
        Task { [report] in
            await child.waitForGroup()
            report(.groupEnded)
        }
    }

    /// Reports when the group has had its time.
    func limitGroup(of child: ChildProcess) {
        after(Self.patience) { [announce] in announce() }
        guard let limit else { return }
        after(limit) { [report] in report(.groupLimitReached) }
    }

    /// Stops the timers.
    func end() {
        for timer in timers.withLock({ $0 }) { timer.cancel() }
    }

    private func after(_ delay: Duration, _ action: @escaping @Sendable () -> Void) {
        let timer = Task { [clock] in
            guard (try? await clock.sleep(for: delay)) != nil else { return }
            action()
        }
        timers.withLock { $0.append(timer) }
    }
}
