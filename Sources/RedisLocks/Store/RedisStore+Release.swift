public import DistributedLocks
import Synchronization

extension RedisStore {
    /// Gives a claim back, or withdraws it; see `LockStore.release`.
    public func release(_ claim: LockClaim) async throws -> ReleaseOutcome {
        let keys = try keys(of: claim.name)
        room.remove(claim.owner)?.slot.finish(.withdrawn)
        holdings.remove(claim.owner)
        // Nothing has ever been sent: there is nothing to take back, and nobody to ask.
        guard calls.client.hasBeenConnected else { return .notHeld }
        do {
            let answer = try await calls.release(claim.owner, keys) { doubts.refusal(of: claim.owner, on: $0) }
            doubts.remove(claim.owner)
            return answer == .nothing ? .notHeld : .released
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

    /// Takes a lock away from whoever holds it, be it ours or not; see `LockStore.forceRelease`.
    public func forceRelease(_ name: LockName, from condition: HolderCondition) async throws -> [Holder] {
        let keys = try keys(of: name)
        do {
            let (kind, value) = try await calls.force(keys)
            return LockValue.holder(kind: kind, text: value).map { [$0] } ?? []
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
