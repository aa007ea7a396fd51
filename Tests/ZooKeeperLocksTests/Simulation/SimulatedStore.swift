import DistributedLocks

@testable import ZooKeeperLocks

/// Does what `ZooKeeperStore`, `Holdings` and `SessionKeeper` do.
final class SimulatedStore {
    /// One lock that is held.
    struct Holding {
        let claim: SimulatedClaim
        let ownership: Ownership
    }

    unowned let client: SimulatedClient
    let traces = Traces()
    let paths: LockPaths
    private(set) var isClosed = false
    private(set) var holdings: [Holding] = []
    /// Those that wait for their turn.
    private var waiting: [(claim: Int, end: () -> Void)] = []
    private var keeper = (waiting: 0, timer: Ticket?.none, isAsking: false)

    init(_ client: SimulatedClient) {
        self.client = client
        paths = LockPaths(names: .escaped, chroot: client.configuration.chroot)
    }

    var now: LeaseClock.Instant { client.now }
    var requestTimeout: Duration { client.configuration.requestTimeout }

    func forgetEverything() {
        holdings = []
        waiting = []
    }

    /// Ends all waits, gives up all claims, and ends the session.
    func close() {
        guard !isClosed else { return }
        client.note("closes")
        isClosed = true
        let ends = waiting.map(\.end)
        waiting = []
        for end in ends { end() }
        let all = holdings
        holdings = []
        for holding in all { holding.claim.lost(.closed) }
        client.close()
    }

    // MARK: Holdings

    subscript(claim: SimulatedClaim) -> Holding? { holdings.first { $0.claim === claim } }

    /// Keeps a lock that is held in mind.
    func hold(_ claim: SimulatedClaim, _ ownership: Ownership) -> Bool {
        guard !isClosed else { return false }
        holdings.append(Holding(claim: claim, ownership: ownership))
        guard client.view.id == ownership.sessionID || client.simulation.flaw == .ownershipByName else {
            remove(claim)
            return false
        }
        client.schedule(at: now.advanced(by: .milliseconds(100)), rank: claim.rank) { [self] in look(after: claim) }
        return true
    }

    func remove(_ claim: SimulatedClaim) { holdings.removeAll { $0.claim === claim } }

    func lost(path: String, _ reason: LossReason) {
        guard let holding = holdings.first(where: { $0.ownership.paths.contains(path) }) else { return }
        remove(holding.claim)
        holding.claim.lost(reason)
        clear(holding, after: reason)
    }

    /// Deletes what is left of a lock that is lost.
    private func clear(_ holding: Holding, after reason: LossReason) {
        let claim = holding.claim
        let isNeeded = reason == .revoked || holding.ownership.paths.count > 1
        guard isNeeded, client.view.id == holding.ownership.sessionID else { return traces[claim.owner] = nil }
        let deadline = now.advanced(by: requestTimeout)
        delete(holding.ownership.paths, until: deadline, rank: claim.rank) { [self] result in
            if case .success = result { return traces[claim.owner] = nil }
            client.schedule(client.view.times.proofInterval, rank: claim.rank) { [self] in clear(holding, after: reason)
            }
        }
    }

    func sessionEnded(_ id: Int64) {
        guard client.simulation.flaw != .ownershipByName else { return }
        let lost = holdings.filter { $0.ownership.sessionID == id }
        holdings.removeAll { $0.ownership.sessionID == id }
        for holding in lost {
            traces[holding.claim.owner] = nil
            holding.claim.lost(.sessionEnded)
        }
    }

    /// Watches the node of a lock that is still held.
    private func look(after claim: SimulatedClaim) {
        guard let holding = self[claim] else { return }
        let watcher = client.watcher { [self] event in
            client.schedule(.zero, rank: claim.rank) { [self] in
                guard let event else { return }
                if event.kind == .deleted { lost(path: event.path, .removed) } else { look(after: claim) }
            }
        }
        let deadline = now.advanced(by: requestTimeout)
        let paths = holding.ownership.paths
        let requests = paths.map { (Operation.getData(path: $0, watch: true), Optional(watcher)) }
        client.send(
            SimulatedCall(requests, until: deadline, rank: claim.rank) { [self] result in
                do {
                    for (path, outcome) in zip(paths, try result.get()) { try seen(path, outcome) }
                } catch {
                    client.schedule(at: now.advanced(by: client.view.times.proofInterval), rank: claim.rank) { [self] in
                        look(after: claim)
                    }
                }
            }
        )
    }

    private func seen(_ path: String, _ outcome: Exchange.Outcome) throws {
        switch try outcome.get().result {
        case .failure(.noNode): lost(path: path, .removed)
        case .failure(let error): throw error
        case .success(.data(let data, let stat)): if NodeText(data, stat).isRevoked { lost(path: path, .revoked) }
        case .success: return
        }
    }

    // MARK: Waiting

    func enterWait(_ claim: SimulatedClaim, _ end: @escaping () -> Void) {
        waiting.append((claim.number, end))
        if isClosed { end() }
    }

    func leaveWait(_ claim: SimulatedClaim) { waiting.removeAll { $0.claim == claim.number } }

    // MARK: Proofs

    private var interval: Duration { client.view.times.proofInterval }

    func enter() {
        keeper.waiting += 1
        if keeper.timer == nil { scheduleTick() }
    }

    func leave() { keeper.waiting -= 1 }

    func hurry() { startAsking() }

    private func scheduleTick() {
        keeper.timer = client.schedule(at: now.advanced(by: interval)) { [self] in tick() }
    }

    private func tick() {
        let isFresh = client.view.lastConfirmed.map { now < $0.advanced(by: interval / 2) } ?? true
        keeper.timer = nil
        guard keeper.waiting > 0 || !holdings.isEmpty else { return }
        scheduleTick()
        if !isFresh { startAsking() }
    }

    private func startAsking() {
        guard client.view.isAttached, !keeper.isAsking else { return }
        keeper.isAsking = true
        let paths = holdings.prefix(64).map { $0.ownership.paths[0] }
        let operations = paths.isEmpty ? [MultiOperation.check(path: "/")] : paths.map { .check(path: $0) }
        let deadline = now.advanced(by: client.view.times.patience)
        client.send(
            SimulatedCall([(.multi(operations), nil)], until: deadline) { [self] result in
                keeper.isAsking = false
                guard case .success(let outcomes) = result, case .success(let answer)? = outcomes.first,
                    case .success(.results(let results)) = answer.result
                else { return }
                for (path, result) in zip(paths, results) {
                    if case .failed(.noNode) = result { lost(path: path, .removed) }
                }
            }
        )
    }
}
