@testable import ZooKeeperLocks

/// What users want.
struct Workload {
    private let simulation: Simulation

    init(_ simulation: Simulation) {
        self.simulation = simulation
    }

    /// Goes on until it is calm.
    func begin() {
        next()
    }

    private func next() {
        simulation.after(simulation.time(.zero...simulation.world.timeout / 4)) {
            guard !simulation.isCalm else { return }
            act()
            next()
        }
    }

    private func act() {
        guard let process = simulation.choice(simulation.living) else { return }
        if simulation.chance(80) { acquire(process) }
        if simulation.chance(8) { inspect(process) }
        if simulation.chance(15), let claim = simulation.choice(simulation.users.filter { $0.stage == .acquiring }) {
            claim.process.schedule(.zero) { claim.cancel() }
        }
    }

    /// Looks who holds a lock, or takes it away from whoever does.
    private func inspect(_ process: SimulatedProcess) {
        let name = simulation.choice(simulation.world.names) ?? ""
        let isForced = simulation.world.troubles.contains(.operators) && simulation.chance(30)
        process.schedule(.zero) { process.inspect(name, isForced: isForced) }
    }

    private func acquire(_ process: SimulatedProcess) {
        let timeout = simulation.world.timeout
        let patience: Duration?
        switch simulation.number(0...9) {
        case 0...5: patience = nil
        case 6...7: patience = simulation.time(.milliseconds(1)...timeout)
        default: patience = .zero
        }
        let wanted = simulation.chance(70) ? simulation.time(.zero...timeout / 5) : simulation.time(.zero...timeout)
        let name = simulation.chance(80) ? simulation.world.names[0] : simulation.world.names[1]
        process.schedule(.zero) {
            process.want(name, patience: patience, for: wanted)
        }
    }
}
