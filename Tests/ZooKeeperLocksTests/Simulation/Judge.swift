@testable import DistributedLocks
@testable import ZooKeeperLocks

/// What must hold at any moment of a simulation, and at its end.
final class Judge {
    /// A node that contends for a lock.
    private struct Contending {
        let path: String
        let name: ContenderName
        let stat: Stat
    }

    private unowned let simulation: Simulation
    /// Those that have been granted, and may still rely on it.
    private var holders: [SimulatedClaim] = []
    /// The contenders of each lock, and the last transaction in which one came or went.
    private var lines: [String: (change: Int64, contenders: [Contending])] = [:]
    private var lastTokens: [String: Int64] = [:]
    private var seen: Int64 = -1
    private var isImpatient = false
    private var wasLost: Set<Int> = []
    /// The transactions of nodes that an operator has deleted: who loses a lock so is told afterwards.
    var removed: Set<Int64> = []
    /// Sessions that an operator has ended.
    var endedSessions: Set<Int64> = []
    /// How often locks were granted.
    private(set) var grants = 0

    init(_ simulation: Simulation) {
        self.simulation = simulation
    }

    private var zooKeeper: FakeZooKeeper { simulation.zooKeeper }

    /// The contenders of a lock as the leader knows them, in their order.
    private func contenders(_ name: String) -> [Contending] { lines[name]?.contenders ?? [] }

    /// Looks at a lock, if anybody has come or gone.
    ///
    /// - Returns: Whether there is anything new.
    private func refresh(_ name: String) -> Bool {
        let directory = "/top/locks/\(name)"
        let node = zooKeeper.head.node(directory)
        let change = node?.stat.pzxid ?? 0
        guard lines[name]?.change != change else { return false }
        let found = (node?.children.map(\.text) ?? []).compactMap { name -> Contending? in
            guard let parsed = ContenderName(name), let node = zooKeeper.head.node("\(directory)/\(name)") else {
                return nil
            }
            return Contending(path: "\(directory)/\(name)", name: parsed, stat: node.stat)
        }
        lines[name] = (change, found.sorted { ($0.stat.czxid, $0.path) < ($1.stat.czxid, $1.path) })
        return true
    }

    // MARK: Events

    /// Somebody has got a lock.
    func granted(_ claim: SimulatedClaim, _ ownership: Ownership) {
        grants += 1
        for name in simulation.world.names { _ = refresh(name) }
        holders.append(claim)
        if claim.client.view.id != ownership.sessionID {
            simulation.violate("\(claim) is granted by session \(ownership.sessionID.hex), which is over")
        }
        guard !removed.contains(claim.token) else { return }
        if let last = lastTokens[claim.name], last >= claim.token {
            simulation.violate("\(claim) has token \(claim.token.hex) after \(last.hex)")
        }
        lastTokens[claim.name] = claim.token
        let earlier = contenders(claim.name).filter { $0.stat.czxid < claim.token }
        if let first = earlier.first { simulation.violate("\(claim) is granted while \(first.path) was there before") }
        expectNode(of: claim)
    }

    /// Nothing is left of a claim, as its client says.
    func ended(_ claim: SimulatedClaim) {
        guard !claim.client.store.isClosed, claim.early != .revoked, claim.early != .removed else { return }
        _ = refresh(claim.name)
        let session = claim.client.view.id
        let left = contenders(claim.name).filter { node in
            node.stat.ephemeralOwner == session && claim.plan.names.prefixes.contains { node.path.contains($0) }
        }
        if let node = left.first { simulation.violate("\(claim) is done, and \(node.path) is left") }
    }

    // MARK: At any moment

    /// Looks whether all is as it should be now.
    func look() {
        for claim in holders where !claim.isLive { wasLost.insert(claim.number) }
        for claim in holders where claim.isLive && wasLost.contains(claim.number) {
            simulation.violate("\(claim) was over, and is held again")
        }
        holders.removeAll { !$0.isLive && $0.stage != .held }
        let live = holders.filter(\.isLive)
        for claim in live {
            guard let id = claim.client.view.id, id != claim.session else { continue }
            simulation.violate("\(claim) is held, and the session of its client is another one")
        }
        for name in simulation.world.names {
            let counting = live.filter { $0.name == name && !removed.contains($0.token) }
            if counting.count > 1 { simulation.violate("held together: \(counting)") }
        }
        guard zooKeeper.head.zxid != seen else { return }
        seen = zooKeeper.head.zxid
        checkSessions()
        for name in simulation.world.names where refresh(name) {
            for claim in live where claim.name == name { expectNode(of: claim) }
            checkDoubles(name)
        }
    }

    /// Whoever holds a lock has its node, and its session.
    private func expectNode(of claim: SimulatedClaim) {
        guard !removed.contains(claim.token) else { return }
        let mine = contenders(claim.name).first { $0.stat.czxid == claim.token }
        if mine == nil { simulation.violate("\(claim) is held, and its node is gone") }
    }

    /// A session lives for as long as its client has a proof of that.
    private func checkSessions() {
        for client in simulation.clients where !client.isDead && !client.store.isClosed {
            guard let id = client.view.id, let deadline = client.view.deadline, client.now < deadline else { continue }
            if !zooKeeper.sessions.contains(id), !endedSessions.contains(id) {
                let time = simulation.milliseconds(client.clock.time(of: deadline))
                simulation.violate("c\(client.number) believes that its session lives until \(time)")
            }
        }
    }

    /// No claim has more nodes than it should.
    private func checkDoubles(_ name: String) {
        var claims: [String: Set<Int64>] = [:]
        for node in contenders(name) where node.name.claim != node.name.node {
            claims[node.name.claim, default: []].insert(node.stat.czxid)
        }
        if let double = claims.first(where: { $0.value.count > 1 }) {
            simulation.violate("there are nodes of two transactions for claim \(double.key)")
        }
    }

    // MARK: At the end

    /// Whether nobody waits for anything any more, and the servers have forgotten the dead.
    var isEverythingDone: Bool {
        let living = simulation.clients.filter { !$0.isDead }
        return simulation.claims.allSatisfy { $0.stage == .done || $0.client.isDead }
            && living.allSatisfy { $0.pendingCount == 0 && (!$0.store.isClosed || $0.isClosed) }
            && living.allSatisfy { $0.store.isClosed || $0.machine.session?.isGivenUp != true }
            && (isImpatient || simulation.world.names.allSatisfy { contenders($0).isEmpty })
    }

    /// It has taken too long.
    func outOfPatience() {
        isImpatient = true
        guard !isEverythingDone else { return }
        let waiting = simulation.claims.filter { $0.stage != .done && !$0.client.isDead }
        simulation.violate("no progress: \(waiting)")
    }

    /// Nothing is left, and nobody has waited in vain.
    func lookBack() {
        for name in simulation.world.names {
            if let node = contenders(name).first { simulation.violate("\(node.path) is left") }
        }
        for client in simulation.living {
            let machine = client.machine
            let left = [
                "traces": client.store.traces.count, "holdings": client.store.holdings.count,
                "requests": client.pendingCount, "watches": machine.watches.count,
            ].filter { $0.value != 0 }
            if !left.isEmpty { simulation.violate("c\(client.number) keeps \(left)") }
        }
    }
}

extension Simulation {
    /// A time for people.
    func milliseconds(_ time: Int64) -> String { "\(Double(time / 1_000) / 1_000) ms" }
}
