public import DistributedLocks
import Synchronization

extension RedisStore {
    /// Gives a claim back, or withdraws it; see `LockStore.release`.
    public func release(_ claim: LockClaim) async throws -> ReleaseOutcome {
        try await release(claim, keptFor: nil) == .nothing ? .notHeld : .released
    }

    /// Has the server give a claim back once `delay` has passed; see `LockStore.release`.
    ///
    /// The key stays with that time to live, and is not ours any more: it is neither renewed nor watched. Whoever is the first
    /// in the queue gets the lock when it expires. Sent again it may last shorter than it was told before, never longer.
    public func release(_ claim: LockClaim, after delay: Duration) async throws -> ReleaseOutcome {
        guard delay > .zero else { return try await release(claim) }
        let answer = try await release(claim, keptFor: delay)
        // It has waited, and does not any more: nothing is kept.
        return answer == .held ? .released : .notHeld
    }

    private func release(_ claim: LockClaim, keptFor kept: Duration?) async throws -> ReleaseAnswer {
        let keys = try keys(of: claim.name)
        room.remove(claim.owner)?.slot.finish(.withdrawn)
        holdings.remove(claim.owner)
        // Nothing has ever been sent: there is nothing to take back, and nobody to ask.
        guard calls.client.hasBeenConnected else { return .nothing }
        let start = clock.now
        do {
            let answer = try await calls.release(
                claim.owner,
                keys,
                refusal: { doubts.refusal(of: claim.owner, on: $0) },
                keptFor: kept
            )
            doubts.remove(claim.owner)
            if let kept, let replication, answer == .held {
                try await replication.keep(claim.owner, keys, for: kept - start.duration(to: clock.now))
            }
            return answer
        } catch {
            throw translate(error)
        }
    }

    /// Extends leases, a hundred in one request; see `LockStore.renew`.
    public func renew(_ requests: [RenewalRequest]) async -> [Renewal] {
        var answers: [Renewal] = []
        await withTaskGroup(of: (Int, [Renewal]).self) { group in
            for start in stride(from: 0, to: requests.count, by: Self.leasesPerRequest) {
                let batch = Array(requests[start..<min(start + Self.leasesPerRequest, requests.count)])
                group.addTask { (start, await self.renew(batch: batch)) }
            }
            var batches: [(Int, [Renewal])] = []
            for await batch in group { batches.append(batch) }
            answers = batches.sorted { $0.0 < $1.0 }.flatMap(\.1)
        }
        return answers
    }

    /// Takes a lock away from its holder, be it ours or not; see `LockStore.forceRelease`.
    ///
    /// Another program's lock has neither an owner nor a token, and is only taken away without a condition.
    public func forceRelease(_ name: LockName, from condition: HolderCondition) async throws -> [Holder] {
        let keys = try keys(of: name)
        do {
            switch try await calls.force(keys, from: condition) {
            case .taken(let holder): return holder.map { [$0] } ?? []
            case .spared(let holder): throw LockError.busy(name, Contention(holders: [holder]))
            }
        } catch {
            throw translate(error)
        }
    }

    private static let leasesPerRequest = 100

    private func renew(batch: [RenewalRequest]) async -> [Renewal] {
        do {
            var leases: [(owner: OwnerID, keys: LockKeys, ttl: Duration)] = []
            for request in batch { leases.append((request.claim.owner, try keys(of: request.claim.name), request.ttl)) }
            let watching = holdings.tracks.load(ordering: .relaxed)
            let (answers, sent) =
                if let replication { try await replication.renew(leases) } else {
                    try await calls.renew(leases, watching: watching)
                }
            return zip(batch, answers).map { request, isHeld in
                if isHeld { return .confirmed(.until(LeaseTerm(ttl: request.ttl).deadline(confirmedBySending: sent))) }
                holdings.remove(request.claim.owner)
                return .refused(.removed)
            }
        } catch {
            let error = translate(error) as? LockError ?? .unreachable(store: label, reason: "cancelled")
            return batch.map { _ in .unknown(error) }
        }
    }
}
