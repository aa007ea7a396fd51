@testable import ZooKeeperLocks

/// Somebody who deletes nodes that are not their own.
struct Operator {
    private let simulation: Simulation

    init(_ simulation: Simulation) {
        self.simulation = simulation
    }

    /// Deletes a node, with or without a word to its owner.
    func act() {
        guard let name = simulation.choice(simulation.world.names) else { return }
        let directory = "/top/locks/\(name)"
        let nodes = simulation.zooKeeper.head.node(directory)?.children.map(\.text).sorted() ?? []
        guard let node = simulation.choice(nodes) else { return }
        let path = "\(directory)/\(node)"
        guard simulation.chance(50), let data = simulation.zooKeeper.head.node(path)?.data else { return delete(path) }
        simulation.note("an operator revokes \(path)")
        do {
            try simulation.zooKeeper.operate(.setData(path: path, data: NodeText.revoked(data), version: -1))
        } catch {
            simulation.note("in vain: \(error)")
        }
        simulation.after(.milliseconds(250)) { delete(path) }
    }

    /// Ends a session that somebody relies on.
    func endSession() {
        guard let process = simulation.choice(simulation.living), let session = process.view.id else { return }
        simulation.note("an operator ends session \(session.hex) of c\(process.number)")
        guard simulation.flaw != .endsSessions else { return simulation.zooKeeper.expire(session) }
        simulation.judge.endedSessions.insert(session)
        for path in simulation.zooKeeper.head.ephemerals(of: session) {
            if let node = simulation.zooKeeper.head.node(path) { simulation.judge.endedNodes.insert(node.stat.czxid) }
        }
        simulation.zooKeeper.expire(session)
    }

    private func delete(_ path: String) {
        guard simulation.zooKeeper.head.node(path) != nil else { return }
        simulation.note("an operator deletes \(path)")
        do {
            try simulation.zooKeeper.delete(path)
        } catch {
            simulation.note("in vain: \(error)")
        }
    }
}
