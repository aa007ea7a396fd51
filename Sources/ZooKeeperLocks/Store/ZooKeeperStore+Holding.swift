public import DistributedLocks
import Synchronization

extension ZooKeeperStore {
    /// A lock that is held for so long is watched, and its holder told at once if somebody deletes its node. Most locks are
    /// released before, and cost no request for that.
    private static let unwatchedTime = Duration.milliseconds(100)

    /// Keeps a lock that is held in mind.
    ///
    /// - Returns: Whether it can be held: the store is not closed, and the session has not ended meanwhile.
    func hold(_ owner: OwnerID, _ ownership: Ownership, _ signal: LossSignal) -> Bool {
        let path = ownership.paths[0]
        let watch = Watch { [weak self] event in
            // The end of a session is told to all at once.
            guard let self, let event else { return }
            if event.kind == .deleted { holdings.lost(path: path, .removed) } else { look(after: owner) }
        }
        let holding = Holdings.Holding(ownership: ownership, signal: signal, watch: watch)
        guard holdings.add(owner, holding) else { return false }
        // It may have ended between the look at it and now, before anybody knew whom to tell.
        guard client.view.id == ownership.sessionID else {
            holdings.remove(owner)
            return false
        }
        timers.schedule({ [weak self] in self?.look(after: owner) }, at: clock.now.advanced(by: Self.unwatchedTime))
        return true
    }

    /// Watches the node of a lock that is still held.
    private func look(after owner: OwnerID) {
        guard holdings[owner] != nil else { return }
        tasks.start { [weak self] in
            guard let self, let holding = holdings[owner] else { return }
            let path = holding.ownership.paths[0]
            let deadline = clock.now.advanced(by: configuration.requestTimeout)
            do {
                let reply = try await client.send(
                    .getData(path: path, watch: true),
                    watch: holding.watch,
                    until: deadline
                )
                if case .data(let data, let stat) = reply, NodeText(data, stat).isRevoked {
                    holdings.lost(path: path, .revoked)
                    try await delete(holding.ownership.paths, until: deadline)
                }
            } catch let error as ServerError where error == .noNode {
                holdings.lost(path: path, .removed)
            } catch {
                // There is no connection, or none that works. The lock counts until its deadline, and is looked at again.
                timers.schedule(
                    { [weak self] in self?.look(after: owner) },
                    at: clock.now.advanced(by: client.view.timeout / 8)
                )
            }
        }
    }

    /// Says how long the session is known to live, for all leases alike; see `LockStore.renew`.
    ///
    /// No request is sent: the session is proved to live in the background as long as anybody holds a lock.
    public func renew(_ requests: [RenewalRequest]) async -> [Renewal] {
        let view = client.view
        let now = clock.now
        return requests.map { request in
            guard let holding = holdings[request.claim.owner] else {
                return .refused(isClosed.load(ordering: .relaxed) ? .closed : .removed)
            }
            guard holding.ownership.sessionID == view.id else { return .refused(.sessionEnded) }
            guard let deadline = view.deadline, let confirmed = view.lastConfirmed,
                now < confirmed.advanced(by: view.timeout / 4)
            else {
                return .unknown(.unreachable(store: label, reason: "the session has not been confirmed for a while"))
            }
            return .confirmed(.until(deadline))
        }
    }
}
