import DistributedLocks

@testable import ZooKeeperLocks

extension SimulatedStore {
    typealias Completion = (Result<ReleaseOutcome, any Error>) -> Void

    /// Deletes the nodes of a claim, wherever it has come to.
    func release(_ claim: SimulatedClaim, _ completion: @escaping Completion) {
        remove(claim)
        guard let trace = traces[claim.owner] else { return completion(.success(.notHeld)) }
        guard !isClosed else { return completion(.failure(LockError.closed(store: ""))) }
        let deadline = now.advanced(by: requestTimeout)
        let done: Completion = { [self] result in
            if case .success = result { traces[claim.owner] = nil }
            completion(result)
        }
        switch trace {
        case .known(let nodes): delete(nodes, until: deadline, rank: claim.rank, done)
        case .uncertain: searchAndDelete(claim, until: deadline, done)
        }
    }

    /// Deletes nodes that are known by their paths.
    func delete(
        _ nodes: [String],
        until deadline: LeaseClock.Instant,
        rank: Int,
        wasAnswered: Bool = true,
        _ completion: @escaping Completion
    ) {
        let call = SimulatedCall(nodes.map { (.delete(path: $0), nil) }, until: deadline, rank: rank) { [self] result in
            do {
                var found = false
                for outcome in try result.get() {
                    switch try outcome.get().result {
                    case .success: found = true
                    case .failure(.noNode): continue
                    case .failure(let error): throw error
                    }
                }
                completion(.success(found || !wasAnswered ? .released : .notHeld))
            } catch RequestFailure.unanswered where now < deadline && client.simulation.flaw != .onlyOneAttempt {
                delete(nodes, until: deadline, rank: rank, wasAnswered: false, completion)
            } catch {
                completion(.failure(error))
            }
        }
        client.send(call)
    }

    /// Looks for nodes that bear the owner's number.
    private func searchAndDelete(
        _ claim: SimulatedClaim,
        until deadline: LeaseClock.Instant,
        _ completion: @escaping Completion
    ) {
        let directory = claim.plan.directory
        let requests: [(Operation, Int?)] = [
            (.multi([.check(path: directory)]), nil), (.getChildren(path: directory), nil),
        ]
        let call = SimulatedCall(requests, until: deadline, rank: claim.rank) { [self] result in
            do {
                let outcomes = try result.get()
                for outcome in outcomes.dropLast() {
                    if case .failure(let error) = try outcome.get().result, !error.comesFromLeader { throw error }
                }
                guard let last = outcomes.last else { return completion(.success(.notHeld)) }
                switch try last.get().result {
                case .failure(.noNode): completion(.success(.notHeld))
                case .failure(let error): throw error
                case .success(.children(let nodes)):
                    let own = claim.plan.names.own(among: nodes)
                    if own.isEmpty { return completion(.success(.notHeld)) }
                    delete(own.map { "\(directory)/\($0)" }, until: deadline, rank: claim.rank, completion)
                case .success: completion(.failure(LockError.storeFailed(store: "", reason: "no list")))
                }
            } catch RequestFailure.unanswered where now < deadline {
                searchAndDelete(claim, until: deadline, completion)
            } catch {
                completion(.failure(error))
            }
        }
        client.send(call)
    }
}
