import DistributedLocksTesting
import InMemoryLogging
import Logging

@testable import DistributedLocks

/// A service on a scripted store, with a clock that only the test moves, and no chance anywhere.
///
/// A lease lasts 30 s: the deadline is at 29.698 s, renewals are due about every 10 s.
struct Bench {
    let clock: ManualClock
    let store: ScriptedStore
    let logs: InMemoryLogHandler
    let service: LockService

    init(
        lifetime: StoreCapabilities.Lifetime = .expiring(.milliseconds(10) ... .seconds(3_600)),
        releasesLater: Bool = false,
        _ change: (inout LockConfiguration) -> Void = { _ in }
    ) {
        clock = ManualClock()
        store = ScriptedStore(clock: clock.leaseClock, lifetime: lifetime, releasesLater: releasesLater)
        let logs = InMemoryLogHandler()
        self.logs = logs
        service = LockService(store, configuration: .testing(logs, change))
    }

    /// The texts of all warnings so far.
    var warnings: [String] { logs.entries.filter { $0.level == .warning }.map { "\($0.message)" } }

    func lock(_ name: String = "a", options: LockOptions = LockOptions()) throws -> DistributedLock {
        try service.lock(name, options: options)
    }

    /// From now on the store confirms releases when the gate is open.
    func stallReleases() -> Gate {
        let gate = Gate()
        store.onRelease { _ in
            await gate.pass()
            return .released
        }
        return gate
    }

    /// Moves the time to `seconds`, timer by timer, so that everything happens when it should.
    func advance(to seconds: Double) async {
        await settle()
        while let next = clock.nextDeadline, next <= .at(seconds) {
            clock.jump(to: next)
            await settle()
        }
        clock.jump(to: .at(seconds))
        await settle()
    }

    /// Moves the time on, timer by timer, until `work` has returned.
    func advance(until work: Task<Void, Never>) async {
        let done = Recorder<Bool>()
        let watch = Task {
            await work.value
            done.add(true)
        }
        while await !clock.settle({ done.count == 1 || clock.nextDeadline != nil }) || done.count == 0 {
            if let next = clock.nextDeadline { clock.jump(to: next) }
            await settle()
        }
        await watch.value
    }

    /// Waits until nothing of the service can go on unless time passes or the store answers.
    func settle() async {
        // Twice: what was about to set a timer at the first look has set it at the second.
        await clock.settle { isIdle && isIdle }
    }

    /// Whether nothing seems to go on. Work goes from timers to deliveries to renewals and releases, which is the order in which
    /// it is looked for: it cannot slip by.
    private var isIdle: Bool {
        let keeper = service.keeper
        var timerSleepers = 0
        if let wake = keeper.timers.sleepsUntil {
            guard wake > clock.now, let next = clock.nextDeadline, next <= wake else { return false }
            timerSleepers = 1
        }
        guard !keeper.timers.isDelivering else { return false }
        return keeper.releases.count + keeper.renewals.count <= store.inFlight + clock.sleeperCount - timerSleepers
    }
}

extension LockConfiguration {
    static func testing(
        _ logs: InMemoryLogHandler = InMemoryLogHandler(),
        _ change: (inout LockConfiguration) -> Void = { _ in }
    ) -> LockConfiguration {
        var configuration = LockConfiguration()
        configuration.random = RandomSource(SeededGenerator(seed: 1))
        configuration.holder = Holder(host: "web-3", processID: 8_123)
        configuration.wallClock = WallClock { UnixTime(microseconds: 1_700_000_000_000_000) }
        configuration.logger = Logger(label: "test") { _ in
            var handler = logs
            handler.logLevel = .trace
            return handler
        }
        change(&configuration)
        return configuration
    }
}

extension LeaseState {
    var isUnconfirmed: Bool {
        if case .unconfirmed = self { true } else { false }
    }
}
