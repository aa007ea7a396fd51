import DistributedLocks
import DistributedLocksTesting
import NIOCore

@testable import ZooKeeperLocks

/// A process with one session: does what `SessionLoop` and `ZooKeeperClient` do.
final class SimulatedClient {
    /// A watch, and where it is.
    struct Watched: Sendable {
        let watcher: Int
        let path: String
    }

    /// One request of an exchange.
    struct Request: Sendable {
        let exchange: Int
        let index: Int
        /// What is to be forgotten if nobody waits for the answer.
        let watch: Watched?
    }

    unowned let simulation: Simulation
    let number: Int
    let clock: SimulatedClock
    let configuration: ZooKeeperConfiguration
    let randomSource: RandomSource
    var machine: SessionMachine<Request, Int>
    var view: SessionView
    var isDead = false
    var isClosed = false
    /// Until when the process does nothing, in the servers' time.
    var pausedUntil: Int64 = 0
    /// Until when nothing gets through to each of the servers, and from it.
    var blockedUntil: [Int64]
    var link: SimulatedLink?
    lazy var store = SimulatedStore(self)
    var wake: (at: LeaseClock.Instant, ticket: Ticket)?
    var isStarted = false
    var hasBeenAttached = false
    var lastError: LockError?
    var waiters: [(number: Int, completion: ((any Error)?) -> Void)] = []
    private var lastNumber = 0
    var exchanges: [Int: SimulatedExchange] = [:]
    var outbox: [SimulatedExchange] = []
    var watchers: [Int: (WatchEvent?) -> Void] = [:]
    var onClosed: () -> Void = {}

    init(_ simulation: Simulation, number: Int) {
        self.simulation = simulation
        self.number = number
        let error = simulation.world.clockError
        clock = SimulatedClock(
            offset: Int64(simulation.number(0...1_000)) * 1_000_000_000,
            error: simulation.choice([-error, -error, error, Int64(simulation.number(Int(-error)...Int(error)))]) ?? 0
        )
        configuration = simulation.world.configuration
        randomSource = RandomSource(SeededGenerator(seed: simulation.random.next()))
        blockedUntil = Array(repeating: 0, count: simulation.world.ensemble.servers)
        view = SessionView(times: SessionTimes(timeout: configuration.sessionTimeout))
        let start = clock.read(simulation.now)
        machine = SessionMachine(options: SessionOptions(configuration), random: randomSource, now: start)
        machine.server = simulation.number(0...simulation.world.ensemble.servers - 1)
    }

    /// The present, by its own clock.
    var now: LeaseClock.Instant { clock.read(simulation.now) }

    /// A number that nothing else here has.
    func fresh() -> Int {
        lastNumber += 1
        return lastNumber
    }

    // MARK: Time

    /// Something happens later, when the process runs.
    @discardableResult
    func schedule(_ delay: Duration, rank: Int = 0, _ body: @escaping () -> Void) -> Ticket {
        let ticket = Ticket()
        push(simulation.now + delay.nanoseconds, rank, ticket, body)
        return ticket
    }

    /// Something happens at an instant, or a little later, as timers have it.
    @discardableResult
    func schedule(at instant: LeaseClock.Instant, rank: Int = 0, _ body: @escaping () -> Void) -> Ticket {
        let ticket = Ticket()
        var time = max(simulation.now, clock.time(of: instant))
        if simulation.chance(10) { time += simulation.time(.zero...view.times.timeout / 50).nanoseconds }
        push(time, rank, ticket, body)
        return ticket
    }

    private func push(
        _ time: Int64,
        _ rank: Int,
        _ ticket: Ticket,
        number: Int? = nil,
        _ body: @escaping () -> Void
    ) {
        simulation.agenda.add(time, rank: rank, number: number) { [self] number in
            guard !isDead, !ticket.isCancelled else { return }
            guard pausedUntil <= simulation.now else { return push(pausedUntil, rank, ticket, number: number, body) }
            body()
        }
    }

    /// The process is killed.
    func die() {
        isDead = true
        guard let link else { return }
        if simulation.chance(50) { simulation.disconnect(link) } else { link.isCut = (true, true) }
    }

    /// Lets go of everything, so that nothing is kept alive.
    func forgetEverything() {
        isDead = true
        waiters = []
        exchanges = [:]
        outbox = []
        watchers = [:]
        link = nil
        onClosed = {}
        store.forgetEverything()
    }

    func note(_ text: @autoclosure () -> String) { simulation.note("c\(number) \(text())") }
}
