@testable import ZooKeeperLocks

/// What users of the clients want.
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
        guard let client = simulation.choice(simulation.living) else { return }
        if simulation.chance(80) { acquire(client) }
        if simulation.chance(15), let claim = simulation.choice(simulation.claims.filter { $0.stage == .acquiring }) {
            client.schedule(.zero, rank: claim.rank) { claim.cancel() }
        }
    }

    private func acquire(_ client: SimulatedClient) {
        let timeout = simulation.world.timeout
        let patience: Duration?
        switch simulation.number(0...9) {
        case 0...5: patience = nil
        case 6...7: patience = simulation.time(.milliseconds(1)...timeout)
        default: patience = .zero
        }
        let wanted = simulation.chance(70) ? simulation.time(.zero...timeout / 5) : simulation.time(.zero...timeout)
        let name = simulation.chance(80) ? simulation.world.names[0] : simulation.world.names[1]
        client.schedule(.zero) {
            let claim = SimulatedClaim(
                client,
                number: simulation.claims.count,
                name: name,
                patience: patience,
                wanted: wanted
            )
            simulation.claims.append(claim)
            claim.begin()
        }
    }
}
