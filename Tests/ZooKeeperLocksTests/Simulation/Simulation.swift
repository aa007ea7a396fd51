import DistributedLocks
import DistributedLocksTesting
import NIOCore

@testable import ZooKeeperLocks

/// Processes that use the real store, a simulated ensemble, a network between them, and all that can go wrong, in a time of
/// their own.
///
/// The seed decides everything, so that whatever happens with it can be made to happen again.
final class Simulation {
    let seed: UInt64
    let flaw: Flaw?
    let world: World
    let zooKeeper: FakeZooKeeper
    var random: SeededGenerator
    var agenda = Agenda()
    /// The servers' time, in nanoseconds.
    private(set) var now: Int64 = 0
    var processes: [SimulatedProcess] = []
    var users: [SimulatedUser] = []
    var foreigners: [Foreigner] = []
    /// Open connections by the servers' numbers.
    var links: [Int: SimulatedLink] = [:]
    /// Whether nothing goes wrong any more, and nobody asks for anything new.
    var isCalm = false
    private var isOver = false
    private(set) var violation: String?
    /// What has happened, if anybody wants to know.
    private(set) var trace: [String]?
    lazy var judge = Judge(self)

    /// Makes one that has not begun.
    ///
    /// - Parameters:
    ///   - seed: What decides everything.
    ///   - flaw: What is wrong.
    ///   - isTraced: Whether to keep what happens.
    init(seed: UInt64, flaw: Flaw? = nil, isTraced: Bool = false) {
        self.seed = seed
        self.flaw = flaw
        random = SeededGenerator(seed: seed)
        world = World(from: &random)
        zooKeeper = FakeZooKeeper(world.ensemble)
        trace = isTraced ? ["\(world)"] : nil
    }

    /// Runs until everybody is done, or something is wrong.
    func run() {
        for _ in 0..<world.processes { addProcess() }
        Workload(self).begin()
        Chaos(self).begin()
        after(world.storm) { self.calmDown() }
        while violation == nil, step() { judge.look() }
        if violation == nil { judge.lookBack() }
        agenda.clear()
        for process in processes { process.end() }
        foreigners = []
        links = [:]
        users = []
    }

    private func step() -> Bool {
        guard !isOver, let next = agenda.nextTime else { return false }
        if let wake = zooKeeper.nextWake?.offset.nanoseconds, wake < next {
            now = max(now, wake)
            zooKeeper.advance(to: instant)
        } else {
            now = max(now, next)
            zooKeeper.advance(to: instant)
            deliver()
            agenda.next()?()
        }
        deliver()
        for process in processes { process.look() }
        if flaw == .deletesNothing { zooKeeper.pretendToDelete() }
        return true
    }

    /// The servers' time as they take it.
    var instant: LeaseClock.Instant { .init(offset: .nanoseconds(now)) }

    /// Something happens later.
    func after(_ delay: Duration, _ body: @escaping () -> Void) {
        agenda.add(now + max(0, delay.nanoseconds)) { _ in body() }
    }

    /// Something must not have happened.
    func violate(_ text: String) {
        guard violation == nil else { return }
        violation = text
        note("VIOLATION: \(text)")
    }

    /// Writes down what happens.
    func note(_ text: @autoclosure () -> String) {
        guard trace != nil else { return }
        trace?.append("\(Double(now / 1_000) / 1_000) ms  \(text())")
    }
}

extension FakeZooKeeper {
    /// The next request to delete something is answered as if that had been done.
    fileprivate func pretendToDelete() {
        let fault = FakeFault(action: .fail(.ok), code: .delete)
        if !faults.contains(where: { $0.action == fault.action && $0.code == fault.code }) { faults.append(fault) }
    }
}

extension Simulation {
    /// A number.
    func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }

    /// True so many times of a hundred.
    func chance(_ percent: Int) -> Bool { number(1...100) <= percent }

    /// A time.
    func time(_ range: ClosedRange<Duration>) -> Duration {
        .nanoseconds(Int64.random(in: range.lowerBound.nanoseconds...range.upperBound.nanoseconds, using: &random))
    }

    /// One of several.
    func choice<Element>(_ elements: [Element]) -> Element? { elements.randomElement(using: &random) }

    /// A process that has nothing to do with those before it.
    @discardableResult
    func addProcess() -> SimulatedProcess {
        let process = SimulatedProcess(self, number: processes.count)
        processes.append(process)
        return process
    }

    /// Those that can do anything.
    var living: [SimulatedProcess] { processes.filter { !$0.isDead && !$0.isStoreClosed } }

    /// The end of all trouble.
    private func calmDown() {
        note("=== calm")
        isCalm = true
        Chaos.repair(self)
        for foreigner in foreigners { foreigner.leave() }
        for user in users { user.endSoon() }
        after(world.patience) { self.judge.outOfPatience() }
        watchForEnd(isQuiet: false)
    }

    /// It is over when everybody is done, and what was under way then has arrived.
    private func watchForEnd(isQuiet wasQuiet: Bool) {
        let isQuiet = judge.isEverythingDone
        isOver = isQuiet && wasQuiet
        after(world.timeout / 2) { self.watchForEnd(isQuiet: isQuiet) }
    }
}
