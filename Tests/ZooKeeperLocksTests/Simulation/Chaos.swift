import DistributedLocksTesting

@testable import ZooKeeperLocks

/// Everything that goes wrong in a simulation, besides what its processes do to each other.
struct Chaos {
    enum Trouble: String, CaseIterable {
        /// Single messages take long.
        case slowness
        /// Connections end somehow.
        case cuts
        /// Nothing gets through between a process and some servers for a while.
        case blocks
        /// Processes do nothing for a while.
        case pauses
        /// Processes are killed.
        case crashes
        /// Stores are closed.
        case closings
        /// Servers are stopped, frozen, cut off from each other, and leaders change.
        case servers
        /// Replicas are late.
        case lags
        /// Single requests get lost, or what is answered to them.
        case requests
        /// Handshakes get lost, or what is answered to them.
        case handshakes
        /// Somebody deletes nodes, politely or not.
        case operators
        /// Sessions end before their time.
        case expiries
        /// Empty containers vanish.
        case reaping
        /// Clients of another kind take part.
        case foreigners

        /// Some of them; none in one simulation of twenty.
        static func some(_ random: inout SeededGenerator) -> Set<Trouble> {
            let share = Int.random(in: 0..<20, using: &random)
            return Set(allCases.filter { _ in Int.random(in: 0..<20, using: &random) < share })
        }
    }

    private let simulation: Simulation

    init(_ simulation: Simulation) {
        self.simulation = simulation
    }

    /// Goes on until it is calm.
    func begin() {
        let troubles = Trouble.allCases.filter { simulation.world.troubles.contains($0) }
        for trouble in troubles { plan(trouble) }
    }

    private func plan(_ trouble: Trouble) {
        let timeout = simulation.world.timeout
        simulation.after(simulation.time(.zero...timeout * trouble.rarity)) {
            guard !simulation.isCalm else { return }
            make(trouble)
            plan(trouble)
        }
    }

    private func make(_ trouble: Trouble) {
        switch trouble {
        case .slowness: break
        case .cuts: if let link = simulation.choice(openLinks) { simulation.cut(link) }
        case .blocks: if let process = simulation.choice(simulation.living) { block(process) }
        case .pauses: if let process = simulation.choice(simulation.living) { pause(process) }
        case .crashes: if let process = simulation.choice(simulation.living) { kill(process) }
        case .closings:
            if let process = simulation.choice(simulation.living), process.pausedUntil <= simulation.now {
                process.closeStore()
                simulation.addProcess()
            }
        case .servers: ServerTrouble(simulation).make()
        case .lags: delayReplica()
        case .requests: spoilRequest()
        case .handshakes: spoilHandshake()
        case .operators: Operator(simulation).act()
        case .expiries: Operator(simulation).endSession()
        case .reaping:
            simulation.note("empty containers vanish")
            simulation.zooKeeper.reapContainers()
        case .foreigners:
            guard let name = simulation.choice(simulation.world.names) else { return }
            let foreigner = Foreigner(simulation, name: name)
            simulation.foreigners.append(foreigner)
            foreigner.contend(for: simulation.time(.zero...simulation.world.timeout), on: randomServer)
        }
    }

    private var openLinks: [SimulatedLink] {
        simulation.processes.compactMap(\.link).filter { $0.isOpen && $0.connection != nil && !$0.process.isDead }
    }

    private var randomServer: Int { simulation.number(0...simulation.world.ensemble.servers - 1) }

    /// How long trouble lasts: usually a small part of the session timeout, sometimes more than all of it.
    private var duration: Duration {
        let timeout = simulation.world.timeout
        return simulation.chance(50) ? simulation.time(.zero...timeout / 4) : simulation.time(.zero...timeout * 2)
    }

    private func block(_ process: SimulatedProcess) {
        let until = simulation.now + duration.nanoseconds
        let isComplete = simulation.chance(50)
        for server in process.blockedUntil.indices where isComplete || simulation.chance(60) {
            process.blockedUntil[server] = max(process.blockedUntil[server], until)
        }
        process.note("is cut off from \(isComplete ? "all" : "some") servers until \(simulation.milliseconds(until))")
    }

    private func pause(_ process: SimulatedProcess) {
        process.pausedUntil = max(process.pausedUntil, simulation.now + duration.nanoseconds)
        process.note("stands still until \(simulation.milliseconds(process.pausedUntil))")
    }

    private func kill(_ process: SimulatedProcess) {
        process.note("is killed")
        process.die()
        simulation.addProcess()
    }

    private func delayReplica() {
        let server = randomServer
        let isHeld = simulation.chance(30)
        let lag: FakeServer.Lag = isHeld ? .held : .delay(simulation.time(.zero...simulation.world.timeout / 3))
        simulation.note("s\(server) is late: \(lag)")
        simulation.zooKeeper.setLag(server, lag)
        simulation.after(duration) {
            simulation.note("s\(server) is in time again")
            simulation.zooKeeper.setLag(server, .none)
        }
    }

    private func spoilRequest() {
        guard let link = simulation.choice(openLinks) else { return }
        let actions: [FakeFault.Action] = [
            .cutBefore, .cutAfter, .cutAfter, .mute, .fail(.operationTimeout), .fail(.requestTimeout),
            .fail(.throttled),
        ]
        let codes: [OpCode] = [.create2, .create2, .delete, .multi, .getChildren, .getData, .exists, .setWatches]
        guard let action = simulation.choice(actions), let code = simulation.choice(codes) else { return }
        simulation.note("the next \(code) of c\(link.process.number) meets \(action)")
        simulation.zooKeeper.faults.append(FakeFault(action: action, code: code, connection: link.connection))
    }

    private func spoilHandshake() {
        guard let fault = simulation.choice([FakeHandshakeFault.cutBefore, .cutAfter, .swallow]) else { return }
        simulation.note("the next handshake meets \(fault)")
        simulation.zooKeeper.handshakeFaults.append(fault)
    }

    /// All is well again, or will be in a moment.
    static func repair(_ simulation: Simulation) {
        simulation.zooKeeper.faults = []
        simulation.zooKeeper.handshakeFaults = []
        ServerTrouble(simulation).repair()
    }
}

extension Chaos.Trouble {
    /// In how many session timeouts it comes about twice.
    fileprivate var rarity: Int {
        switch self {
        case .slowness, .cuts, .lags, .requests, .operators, .foreigners: 1
        case .blocks, .pauses, .reaping, .expiries: 2
        case .handshakes, .crashes, .servers: 3
        case .closings: 6
        }
    }
}
