public import DistributedLocks
import Synchronization

extension ZooKeeperStore {
    /// Deletes the nodes of a claim, wherever it has come to; see `LockStore.release`.
    public func release(_ claim: LockClaim) async throws -> ReleaseOutcome {
        letGo(claim.owner)
        guard let trace = traces[claim.owner] else { return .notHeld }
        guard !isClosed.load(ordering: .sequentiallyConsistent) else { throw LockError.closed(store: label) }
        let deadline = clock.now.advanced(by: configuration.requestTimeout)
        do {
            let outcome: ReleaseOutcome
            switch trace {
            case .known(let nodes): outcome = try await delete(nodes, until: deadline)
            case .uncertain: outcome = try await searchAndDelete(claim, until: deadline)
            }
            traces[claim.owner] = nil
            return outcome
        } catch {
            throw translate(error)
        }
    }

    /// Deletes nodes that are known by their paths. Those of one claim go together where there are two of them, or else one of
    /// them could hold the lock for a moment after the other.
    @discardableResult
    func delete(_ nodes: [String], until deadline: LeaseClock.Instant) async throws -> ReleaseOutcome {
        var wasAnswered = true
        while true {
            let outcomes = try await client.send(nodes.map { (.delete(path: $0), nil) }, until: deadline)
            var found = false
            do {
                for outcome in outcomes {
                    switch try outcome.get().result {
                    case .success: found = true
                    case .failure(.noNode): continue
                    case .failure(let error): throw error
                    }
                }
                // A request that was not answered may have been the one that deleted them.
                return found || !wasAnswered ? .released : .notHeld
            } catch RequestFailure.unanswered where clock.now < deadline {
                wasAnswered = false
            }
        }
    }

    /// Looks for nodes that bear the owner's number. What comes after a transaction of no effect sees whatever was sent before.
    private func searchAndDelete(
        _ claim: LockClaim,
        until deadline: LeaseClock.Instant
    ) async throws -> ReleaseOutcome {
        let directory = try paths.path(of: claim.name)
        let names = NodeNames(claim.owner, naming: configuration.naming)
        while true {
            let outcomes = try await client.send(
                [(.multi([.check(path: directory)]), nil), (.getChildren(path: directory), nil)],
                until: deadline
            )
            do {
                for outcome in outcomes.dropLast() {
                    if case .failure(let error) = try outcome.get().result, !error.comesFromLeader { throw error }
                }
                guard let last = outcomes.last else { return .notHeld }
                switch try last.get().result {
                case .failure(.noNode): return .notHeld
                case .failure(let error): throw error
                case .success(.children(let nodes)):
                    let own = names.own(among: nodes)
                    if own.isEmpty { return .notHeld }
                    return try await delete(own.map { "\(directory)/\($0)" }, until: deadline)
                case .success: throw LockError.storeFailed(store: label, reason: "it has not listed nodes")
                }
            } catch RequestFailure.unanswered where clock.now < deadline {
                continue
            }
        }
    }
}
