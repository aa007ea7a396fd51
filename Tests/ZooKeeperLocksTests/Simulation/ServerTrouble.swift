@testable import ZooKeeperLocks

/// What happens to servers. At most one at a time is out of order, so that the others can choose a leader; a server that is
/// alone is missed until it is back.
struct ServerTrouble {
    private let simulation: Simulation

    init(_ simulation: Simulation) {
        self.simulation = simulation
    }

    private var zooKeeper: FakeZooKeeper { simulation.zooKeeper }
    private var timeout: Duration { simulation.world.timeout }

    /// Something happens to one of the servers.
    func make() {
        guard isWell else { return }
        let server = simulation.number(0...zooKeeper.servers.count - 1)
        let duration =
            simulation.chance(50) ? simulation.time(.zero...timeout / 2) : simulation.time(.zero...timeout * 2)
        switch simulation.number(0...2) {
        case 0: kill(server, for: duration)
        case 1: stall(server, for: duration)
        default: if zooKeeper.servers.count > 1 { isolate(server, for: duration) }
        }
    }

    private var isWell: Bool {
        zooKeeper.leader != nil
            && zooKeeper.servers.allSatisfy { $0.isServing && !$0.isStalled && $0.cutSince == nil }
    }

    private func kill(_ server: Int, for duration: Duration) {
        simulation.note("s\(server) is killed\(role(server))")
        let wasLeader = server == zooKeeper.leader
        zooKeeper.kill(server)
        if wasLeader { electLater() }
        simulation.after(duration) {
            guard !zooKeeper.servers[server].isRunning else { return }
            simulation.note("s\(server) is started")
            zooKeeper.restart(server)
        }
    }

    private func stall(_ server: Int, for duration: Duration) {
        simulation.note("s\(server) is frozen\(role(server))")
        zooKeeper.stall(server: server)
        if server == zooKeeper.leader, simulation.chance(50) { electLater() }
        simulation.after(duration) {
            guard zooKeeper.servers[server].isStalled else { return }
            simulation.note("s\(server) goes on")
            zooKeeper.resume(server: server, at: simulation.instant)
        }
    }

    private func isolate(_ server: Int, for duration: Duration) {
        simulation.note("s\(server) is cut off from the others\(role(server))")
        zooKeeper.isolate(server)
        // Clients may be on its side.
        for process in simulation.living where process.link?.server == server && simulation.chance(60) {
            let until = simulation.now + duration.nanoseconds
            process.note("is cut off with it")
            for other in process.blockedUntil.indices where other != server {
                process.blockedUntil[other] = max(process.blockedUntil[other], until)
            }
        }
        if server == zooKeeper.leader { electLater() }
        simulation.after(duration) {
            guard zooKeeper.servers[server].cutSince != nil else { return }
            simulation.note("s\(server) reaches the others again")
            zooKeeper.heal(server)
        }
    }

    private func role(_ server: Int) -> String { server == zooKeeper.leader ? ", who leads" : "" }

    private func electLater() {
        guard zooKeeper.servers.count > 1 else { return }
        simulation.after(simulation.time(.zero...timeout)) {
            guard !isWell else { return }
            elect()
        }
    }

    private func elect() {
        let able = zooKeeper.servers.indices.filter {
            let server = zooKeeper.servers[$0]
            return server.isRunning && !server.isStalled && server.cutSince == nil
        }
        guard let server = simulation.choice(able) else { return }
        simulation.note("s\(server) leads")
        zooKeeper.elect(server)
    }

    /// All servers work.
    func repair() {
        for server in zooKeeper.servers.indices {
            if !zooKeeper.servers[server].isRunning { zooKeeper.restart(server) }
            if zooKeeper.servers[server].isStalled { zooKeeper.resume(server: server, at: simulation.instant) }
            if zooKeeper.servers[server].cutSince != nil { zooKeeper.heal(server) }
            zooKeeper.setLag(server, .none)
        }
        if !isWell { elect() }
    }
}
