public import DistributedLocks
import Synchronization

extension ZooKeeperStore {
    /// A lock that is held for so long is watched, and its holder told at once if somebody deletes its node. Most locks are
    /// released before, and cost no request for that.
    private static let unwatchedTime = Duration.milliseconds(100)
    /// How much earlier that may be, together with others.
    private static let firstLookSlack = Duration.milliseconds(25)

    /// Keeps a lock that is held in mind.
    ///
    /// - Returns: Whether it can be held: the store is not closed, and the session has not ended meanwhile.
    func hold(_ owner: OwnerID, _ ownership: Ownership, _ signal: LossSignal) -> Bool {
        let watch = Watch { [weak self] event in
            // The end of a session is told to all at once.
            guard let self, let event else { return }
            if event.kind == .deleted { holdings.lost(path: event.path, .removed) } else { look(after: owner) }
        }
        let firstLook = timers.schedule(
            at: clock.now.advanced(by: Self.unwatchedTime),
            slack: Self.firstLookSlack
        ) { [weak self] in self?.look(after: owner) }
        let holding = Holdings.Holding(ownership: ownership, signal: signal, watch: watch, firstLook: firstLook) {
            [weak self] reason in self?.clear(owner, ownership, after: reason)
        }
        // It may have ended between the look at it and now, before anybody knew whom to tell.
        guard holdings.add(owner, holding), client.view.id == ownership.sessionID else {
            letGo(owner)
            return false
        }
        return true
    }

    /// A lock is not held any more.
    func letGo(_ owner: OwnerID) {
        if let holding = holdings.remove(owner) { timers.cancel(holding.firstLook) }
    }

    /// Watches the nodes of a lock that is still held.
    private func look(after owner: OwnerID) {
        guard holdings[owner] != nil else { return }
        tasks.start { [weak self] in
            guard let self, let holding = holdings[owner] else { return }
            let deadline = clock.now.advanced(by: configuration.requestTimeout)
            do {
                let looks = holding.ownership.paths.map { (Operation.getData(path: $0, watch: true), holding.watch) }
                for (path, outcome) in zip(holding.ownership.paths, try await client.send(looks, until: deadline)) {
                    try seen(path, outcome)
                }
            } catch {
                // There is no connection, or none that works. The lock counts until its deadline, and is looked at again.
                timers.schedule(at: clock.now.advanced(by: client.view.times.proofInterval)) { [weak self] in
                    self?.look(after: owner)
                }
            }
        }
    }

    /// A node of a lock that is held has been looked at.
    private func seen(_ path: String, _ outcome: Exchange.Outcome) throws {
        switch try outcome.get().result {
        case .failure(.noNode): holdings.lost(path: path, .removed)
        case .failure(let error): throw error
        case .success(.data(let data, let stat)):
            if NodeText(data, stat).isRevoked { holdings.lost(path: path, .revoked) }
        case .success: return
        }
    }

    /// Deletes what is left of a lock that is lost. Nobody else does: who has been told that it is gone does not give it back.
    private func clear(_ owner: OwnerID, _ ownership: Ownership, after reason: LossReason) {
        guard reason == .revoked || ownership.paths.count > 1 else {
            traces[owner] = nil
            return
        }
        tasks.start { [weak self] in
            // With the session, all its nodes go.
            while let self, client.view.id == ownership.sessionID {
                let deadline = clock.now.advanced(by: configuration.requestTimeout)
                if (try? await delete(ownership.paths, until: deadline)) != nil { break }
                try? await clock.sleep(for: client.view.times.proofInterval)
            }
            self?.traces[owner] = nil
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
            return view.renewal(ofLockIn: holding.ownership.sessionID, store: label, at: now)
        }
    }
}
