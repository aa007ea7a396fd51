import DistributedLocks

extension Contender {
    mutating func created(_ outcomes: [Exchange.Outcome]) -> Step {
        guard outcomes.count >= 2 else { return .failed(.nonsense("answers are missing")) }
        let creation = outcomes[outcomes.count - 2]
        switch creation {
        case .failure(.unanswered), .failure(.overdue): return search()
        case .failure(.notSent): return begin()
        case .failure(let failure): return .failed(.request(failure))
        case .success(let answer):
            switch answer.result {
            case .failure(.noNode): return makeAncestors()
            case .failure(let error): return turnedDown(error)
            case .success(.created(let path, let stat)) where stat.czxid != 0:
                own = Ownership(sessionID: answer.sessionID, czxid: stat.czxid, paths: [path])
                return listed(outcomes.last)
            case .success(.created(let path, _)): return adopt([plan.node(path)])
            case .success(.results(let results)): return createdTogether(results)
            case .success: return .failed(.nonsense("the server has not said what it has made"))
            }
        }
    }

    /// The server does not make the nodes. Whatever was asked for before has been looked for by now.
    private mutating func turnedDown(_ error: ServerError) -> Step {
        isTurnedDown = !error.isTransient
        return .failed(.server(error))
    }

    /// Several nodes were made, or none. Which transaction it was has to be asked for.
    private mutating func createdTogether(_ results: [MultiResult]) -> Step {
        var nodes: [String] = []
        for result in results {
            switch result {
            case .created(let path): nodes.append(plan.node(path))
            case .failed(.noNode): return makeAncestors()
            case .failed(.ok), .failed(.runtimeInconsistency): continue
            case .failed(let error): return turnedDown(error)
            case .done, .stat: return .failed(.nonsense("the server has not said what it has made"))
            }
        }
        guard nodes.count == plan.names.prefixes.count else {
            return .failed(.nonsense("the server has made \(nodes.count) nodes"))
        }
        return adopt(nodes)
    }

    mutating func ancestorsMade(_ outcomes: [Exchange.Outcome]) -> Step {
        for outcome in outcomes.dropLast(2) {
            guard case .success(let answer) = outcome, case .failure(let error) = answer.result else { continue }
            switch error {
            case .nodeExists: continue
            case .noNode: return creationFailed(outcomes) ? .makeRoot : created(outcomes)
            case .unimplemented where directoryMode == .container:
                directoryMode = .persistent
                return creationFailed(outcomes) ? makeAncestors() : created(outcomes)
            default:
                // Perhaps somebody else has made it, and we only may not: then what comes next works.
                if creationFailed(outcomes) { return turnedDown(error) }
            }
        }
        phase = .creating
        return created(outcomes)
    }

    /// Whether the nodes of the claim were certainly not made.
    private func creationFailed(_ outcomes: [Exchange.Outcome]) -> Bool {
        guard outcomes.count >= 2, case .success(let answer) = outcomes[outcomes.count - 2] else { return false }
        switch answer.result {
        case .failure: return true
        case .success(.results(let results)):
            return results.contains { if case .failed = $0 { true } else { false } }
        case .success: return false
        }
    }

    mutating func searched(_ outcomes: [Exchange.Outcome]) -> Step {
        guard let last = outcomes.last, outcomes.count == 2 else { return .failed(.nonsense("answers are missing")) }
        // Without the first one, the second may not have seen what the lost request has done.
        guard case .success(let barrier) = outcomes[0] else { return repeated(outcomes[0]) { $0.search() } }
        if case .failure(let error) = barrier.result, !error.comesFromLeader { return .failed(.server(error)) }
        switch last {
        case .failure: return repeated(last) { $0.search() }
        case .success(let answer):
            switch answer.result {
            case .failure(.noNode): return makeAncestors()
            case .failure(let error): return .failed(.server(error))
            case .success(.children(let nodes)):
                let found = plan.names.own(among: nodes)
                return found.isEmpty ? begin() : adopt(found)
            case .success: return .failed(.nonsense("the server has not listed nodes"))
            }
        }
    }

    /// Looks at nodes that bear our name: in which session, and in which transaction were they made?
    mutating func adopt(_ nodes: [String]) -> Step {
        phase = .adopting(nodes)
        return .send(nodes.map { .exists(path: plan.path($0)) } + [listing])
    }

    mutating func adopted(_ nodes: [String], _ outcomes: [Exchange.Outcome]) -> Step {
        guard outcomes.count == nodes.count + 1 else { return .failed(.nonsense("answers are missing")) }
        var stats: [Stat] = []
        var session: Int64?
        for outcome in outcomes.dropLast() {
            guard case .success(let answer) = outcome else { return repeated(outcome) { $0.search() } }
            switch answer.result {
            case .success(.stat(let stat)): stats.append(stat)
            case .failure(.noNode): continue
            case .failure(let error): return .failed(.server(error))
            case .success: return .failed(.nonsense("the server has not described a node"))
            }
            session = answer.sessionID
        }
        let isOurs = stats.allSatisfy { $0.ephemeralOwner == session && $0.czxid == stats.first?.czxid }
        guard isOurs, stats.count == plan.names.prefixes.count, let session, let first = stats.first else {
            // Half of them, or from a session that is over: none of it counts, and the rest is not to be left behind.
            return stats.isEmpty ? again() : discard(nodes)
        }
        own = Ownership(sessionID: session, czxid: first.czxid, paths: nodes.map(plan.path))
        return listed(outcomes.last)
    }

    /// Deletes nodes that bear our name and are of no use, and begins anew.
    private mutating func discard(_ nodes: [String]) -> Step {
        vanished += 1
        guard vanished < 100 else { return .failed(.nonsense("nodes of another session have our name")) }
        own = nil
        phase = .searching
        return .send(nodes.map { .delete(path: plan.path($0)) }.suffix(1) + [listing])
    }

    /// What to do about a request that did not get through.
    mutating func repeated(_ outcome: Exchange.Outcome, _ step: (inout Contender) -> Step) -> Step {
        switch outcome {
        case .success: step(&self)
        case .failure(.unanswered), .failure(.notSent), .failure(.overdue): step(&self)
        case .failure(let failure): .failed(.request(failure))
        }
    }
}
