import DistributedLocksTesting
import Logging
import NIOCore

@testable import DistributedLocks
@testable import ZooKeeperLocks

/// A process that uses the real store and the real service: only what is around them is simulated. Its event loop, its other
/// threads, its clock and its network do what they do when the simulation lets them.
final class SimulatedProcess {
    unowned let simulation: Simulation
    let number: Int
    let clock: SimulatedClock
    let store: ZooKeeperStore
    let service: LockService
    let eventLoop = SimulatedEventLoop()
    let threads = SimulatedThreads()
    /// What its timers run on: ``clock``, as of the last look at it.
    let time = ManualClock()
    let network: SimulatedNetwork
    /// Whether it has been killed.
    private(set) var isDead = false
    /// Until when it does nothing, in the servers' time.
    var pausedUntil: Int64 = 0
    /// Until when nothing gets through to each of the servers, and from it.
    var blockedUntil: [Int64]
    var link: SimulatedLink?
    /// Its ends of connections, by their numbers.
    var ends: [Int: SimulatedEnd] = [:]
    /// Whether its user has closed the store, and whether that is done.
    private(set) var isStoreClosed = false
    private(set) var isClosed = false
    private var users: [SimulatedUser] = []
    /// How many are under way.
    private var inspections = 0

    // What is going to happen in it.
    var hasTurn = false
    var wake: LeaseClock.Instant?
    /// Jobs that have been taken from its threads and not run yet, by numbers.
    var jobs: [Int: UnownedJob] = [:]
    var lastJob = 0
    var nextJob = 0

    init(_ simulation: Simulation, number: Int) {
        self.simulation = simulation
        self.number = number
        clock = SimulatedClock(of: simulation)
        blockedUntil = Array(repeating: 0, count: simulation.world.ensemble.servers)
        time.jump(to: clock.read(simulation.now))
        network = SimulatedNetwork(eventLoop)
        let random = RandomSource(SeededGenerator(seed: simulation.random.next()))
        let logger = Logger(label: "c\(number)") { _ in SwiftLogNoOpLogHandler() }
        store = ZooKeeperStore(simulation.world.configuration, time.leaseClock, random, logger, eventLoop, network)
        var configuration = LockConfiguration()
        configuration.random = random
        configuration.logger = logger
        configuration.holder = Holder(label: "c\(number)")
        configuration.wallClock = WallClock { UnixTime(microseconds: 0) }
        service = LockService(store, configuration: configuration)
        network.serve(self)
    }

    func note(_ text: @autoclosure () -> String) { simulation.note("c\(number) \(text())") }

    // MARK: What it does

    /// Somebody wants a lock.
    ///
    /// - Parameters:
    ///   - name: Which.
    ///   - patience: For how long; `nil` if for ever, zero if only at once.
    ///   - wanted: How long it is to be held.
    func want(_ name: String, patience: Duration?, for wanted: Duration) {
        let number = simulation.users.count
        let user = SimulatedUser(self, number: number, name: name, patience: patience, wanted: wanted)
        simulation.users.append(user)
        users.append(user)
        user.begin()
    }

    /// Somebody looks who holds a lock, or takes it away from whoever does.
    func inspect(_ name: String, isForced: Bool) {
        inspections += 1
        let process = NIOLoopBound(self, eventLoop: eventLoop)
        Task(executorPreference: threads) { [service] in
            let outcome: String
            do {
                if isForced {
                    outcome = "\(try await service.forceRelease(name)) were cut off"
                } else {
                    outcome = "\(try await service.list().count) locks, \(try await service.status(of: name).holders)"
                }
            } catch {
                outcome = "\(error)"
            }
            process.value.note(outcome)
            process.value.inspections -= 1
        }
    }

    /// Its user is done with the store.
    func closeStore() {
        guard !isStoreClosed else { return }
        note("closes")
        isStoreClosed = true
        let process = NIOLoopBound(self, eventLoop: eventLoop)
        Task(executorPreference: threads) { [service] in
            await service.close()
            process.value.isClosed = true
        }
    }

    /// The process is killed.
    func die() {
        isDead = true
        guard let link else { return }
        if simulation.chance(50) { simulation.disconnect(link) } else { link.isCut = (true, true) }
    }

    /// The simulation is over: everything comes to its end, without a network and in no time.
    func end() {
        network.serve(nil)
        isDead = false
        closeStore()
        for user in users { user.cancel() }
        for _ in 0..<10_000 where !runEverything() {
            guard let next = time.nextDeadline else { break }
            time.jump(to: next)
        }
        if !isClosed || inspections > 0 || !users.allSatisfy(\.hasEnded) {
            simulation.violate("c\(number) does not come to an end")
        }
        isDead = true
        users = []
        ends = [:]
        link = nil
    }
}

extension SimulatedProcess {
    // MARK: What others see

    /// What it knows of its session.
    var view: SessionView { store.client.view }

    private var machine: SessionMachine<ZooKeeperLocks.SessionLoop.Request, Watch>? { store.client.loop.value?.machine }

    /// Whether it still has to end a session that it has given up.
    var isBurying: Bool { machine?.session?.isGivenUp == true }

    /// How much is under way.
    var pendingCount: Int {
        let background = service.keeper.releases.count + inspections
        guard case .attached(let attachment) = machine?.phase else { return background }
        return attachment.pending.count + background
    }

    /// What it keeps, by a word for it.
    var possessions: [String: Int] {
        [
            "traces": store.traces.count, "holdings": store.holdings.count, "requests": pendingCount,
            "watches": machine?.watches.count ?? 0,
        ]
    }
}
