import DistributedLocks
import Logging

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Runs one scenario on one store for some time.
struct BenchRun: Sendable {
    let address: StoreAddress
    let scenario: BenchScenario
    let clients: Int
    let duration: Duration

    struct Outcome: Sendable {
        var result: BenchResult
        var latencies: LatencyHistogram
        var overtakings: [BenchReferee.Overtaking: Int]
    }

    /// What one task has done.
    private struct Tally: Sendable {
        var operations = 0
        var violations = 0
        /// How many tasks are in it that have completed an operation.
        var active = 0
        var latencies = LatencyHistogram()
    }

    func run() async throws -> Outcome {
        let stores = try openStores()
        let services = stores.map { store in
            var configuration = LockConfiguration()
            configuration.logger = .silent
            return LockService(store, configuration: configuration)
        }
        let run = "dlock-bench-" + String(RandomSource.system.next(), radix: 36)
        let names = (0..<clients).map { scenario == .parallel ? "\(run)-\($0)" : run }
        try await warmUp(services, names)
        let clock = services[0].clock
        let referee = BenchReferee(clock: clock)
        let cpu = Self.cpuSeconds()
        let start = clock.now
        let end = start.advanced(by: duration)
        let tally = try await withThrowingTaskGroup(of: Tally.self) { group in
            for index in 0..<clients {
                let service = services[index % services.count]
                let lockName = names[index]
                group.addTask(executorPreference: stores[index % stores.count].executor) {
                    scenario == .handoff
                        ? try await contend(service, lockName, client: index, referee: referee, until: end)
                        : try await cycle(service, lockName, until: end)
                }
            }
            return try await group.reduce(into: Tally()) { sum, part in
                sum.operations += part.operations
                sum.violations += part.violations
                sum.active += part.operations > 0 ? 1 : 0
                sum.latencies.add(part.latencies)
            }
        }
        let seconds = start.duration(to: clock.now).seconds
        let cpuUsed = Self.cpuSeconds() - cpu
        for service in services { await service.close() }
        return outcome(tally, referee, store: stores[0].label, seconds: seconds, cpu: cpuUsed)
    }

    /// Independent clients where the store allows more than one; the memory store is one by nature.
    private func openStores() throws -> [any LockStore] {
        let count = scenario == .handoff && address != .memory ? clients : 1
        let stores = try (0..<count).map { _ in try address.open() }
        return scenario == .handoff && address == .memory ? Array(repeating: stores[0], count: clients) : stores
    }

    /// Lets each client have its lock once, so that all of them begin with their connections and files open.
    private func warmUp(_ services: [LockService], _ names: [String]) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (index, name) in names.enumerated() {
                let service = services[index % services.count]
                group.addTask { await (try await service.lock(name).acquire()).release() }
            }
            try await group.waitForAll()
        }
    }

    private func cycle(_ service: LockService, _ name: String, until end: LeaseClock.Instant) async throws -> Tally {
        let lock = try service.lock(name)
        let clock = service.clock
        var tally = Tally()
        var lastToken: FencingToken?
        var now = clock.now
        while now < end {
            let start = now
            let lease = try await lock.acquire()
            if let lastToken, lease.fencingToken <= lastToken { tally.violations += 1 }
            lastToken = lease.fencingToken
            if await lease.release() != .released { tally.violations += 1 }
            now = clock.now
            tally.latencies.record(start.duration(to: now))
            tally.operations += 1
            // An uncontended cycle need not suspend at all: without this as many tasks would take part as there are threads.
            if scenario == .parallel {
                await Task.yield()
                now = clock.now
            }
        }
        return tally
    }

    private func contend(
        _ service: LockService,
        _ name: String,
        client: Int,
        referee: BenchReferee,
        until end: LeaseClock.Instant
    ) async throws -> Tally {
        let lock = try service.lock(name)
        var tally = Tally()
        while service.clock.now < end {
            referee.asks(client)
            let lease = try await lock.acquire(onQueued: { _ in referee.isQueued(client) })
            referee.begins(client, token: lease.fencingToken)
            tally.operations += 1
            referee.ends(client)
            if await lease.release() != .released { tally.violations += 1 }
        }
        return tally
    }

    private func outcome(
        _ tally: Tally,
        _ referee: BenchReferee,
        store: String,
        seconds: Double,
        cpu: Double
    ) -> Outcome {
        let verdict = referee.verdict
        let latencies = scenario == .handoff ? verdict.latencies : tally.latencies
        let result = BenchResult(
            store: store,
            scenario: scenario,
            clients: clients,
            active: tally.active,
            operations: tally.operations,
            seconds: seconds,
            opsPerSecond: Double(tally.operations) / seconds,
            p50: latencies.microseconds(atPercentile: 50),
            p90: latencies.microseconds(atPercentile: 90),
            p99: latencies.microseconds(atPercentile: 99),
            max: latencies.maximumMicroseconds,
            overtakes: verdict.overtakings.values.reduce(0, +),
            violations: tally.violations + verdict.violations,
            clientCPUSeconds: cpu
        )
        return Outcome(result: result, latencies: latencies, overtakings: verdict.overtakings)
    }

    /// The processor time of this process so far.
    private static func cpuSeconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
