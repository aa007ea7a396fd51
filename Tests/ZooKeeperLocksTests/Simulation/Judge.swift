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
    private var holders: [SimulatedUser] = []
    /// The contenders of each lock, and the last transaction in which one came or went.
    private var lines: [String: (change: Int64, contenders: [Contending])] = [:]
    private var lastTokens: [String: Int64] = [:]
    private var seen: Int64 = -1
    private var isImpatient = false
    private var wasLost: Set<Int> = []
    /// Sessions that an operator has ended, and the transactions of their nodes.
    var endedSessions: Set<Int64> = []
    var endedNodes: Set<Int64> = []
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

    /// Whether a node was taken from its holder, who is told afterwards.
    private func isRemoved(_ token: Int64) -> Bool { zooKeeper.cutOff.contains(token) || endedNodes.contains(token) }

    // MARK: Events

    /// Somebody has got a lock.
    func granted(_ claim: SimulatedUser, _ ownership: Ownership) {
        grants += 1
        for name in simulation.world.names { _ = refresh(name) }
        holders.append(claim)
        if claim.process.view.id != ownership.sessionID {
            simulation.violate("\(claim) is granted by session \(ownership.sessionID.hex), which is over")
        }
        guard !isRemoved(claim.token) else { return }
        if let last = lastTokens[claim.name], last >= claim.token {
            simulation.violate("\(claim) has token \(claim.token.hex) after \(last.hex)")
        }
        lastTokens[claim.name] = claim.token
        let earlier = contenders(claim.name).filter { $0.stat.czxid < claim.token }
        if let first = earlier.first { simulation.violate("\(claim) is granted while \(first.path) was there before") }
        expectNode(of: claim)
    }

    /// Nothing is left of a claim, as its process says.
    func ended(_ claim: SimulatedUser) {
        guard !claim.process.isStoreClosed, claim.loss == nil else { return }
        _ = refresh(claim.name)
        let session = claim.process.view.id
        let left = contenders(claim.name).filter { node in
            node.stat.ephemeralOwner == session && claim.prefixes.contains { node.path.contains($0) }
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
            guard let id = claim.process.view.id, id != claim.session else { continue }
            simulation.violate("\(claim) is held, and the session of its process is another one")
        }
        for name in simulation.world.names {
            let counting = live.filter { $0.name == name && !isRemoved($0.token) }
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
    private func expectNode(of claim: SimulatedUser) {
        guard !isRemoved(claim.token) else { return }
        let mine = contenders(claim.name).first { $0.stat.czxid == claim.token }
        if mine == nil { simulation.violate("\(claim) is held, and its node is gone") }
    }

    /// A session lives for as long as its process has a proof of that.
    private func checkSessions() {
        for process in simulation.processes where !process.isDead && !process.isStoreClosed {
            guard let id = process.view.id, let deadline = process.view.deadline, process.now < deadline else {
                continue
            }
            if !zooKeeper.sessions.contains(id), !endedSessions.contains(id) {
                let time = simulation.milliseconds(process.clock.time(of: deadline))
                simulation.violate("c\(process.number) believes that its session lives until \(time)")
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
        let living = simulation.processes.filter { !$0.isDead }
        return simulation.users.allSatisfy { $0.stage == .done || $0.process.isDead }
            && living.allSatisfy { $0.pendingCount == 0 && (!$0.isStoreClosed || $0.isClosed) }
            && living.allSatisfy { $0.isStoreClosed || !$0.isBurying }
            && (isImpatient || simulation.world.names.allSatisfy { contenders($0).isEmpty })
    }

    /// It has taken too long.
    func outOfPatience() {
        isImpatient = true
        guard !isEverythingDone else { return }
        let waiting = simulation.users.filter { $0.stage != .done && !$0.process.isDead }
        simulation.violate("no progress: \(waiting)")
    }

    /// Nothing is left, and nobody has waited in vain.
    func lookBack() {
        for name in simulation.world.names {
            if let node = contenders(name).first { simulation.violate("\(node.path) is left") }
        }
        for process in simulation.living {
            let left = process.possessions.filter { $0.value != 0 }
            if !left.isEmpty { simulation.violate("c\(process.number) keeps \(left)") }
        }
    }
}

extension Simulation {
    /// A time for people.
    func milliseconds(_ time: Int64) -> String { "\(Double(time / 1_000) / 1_000) ms" }
}
