import DistributedLocks

extension Contender {
    mutating func listed(_ outcome: Exchange.Outcome?) -> Step {
        guard let outcome else { return .failed(.nonsense("answers are missing")) }
        guard case .success(let answer) = outcome else { return repeated(outcome) { $0.woken() } }
        guard let own, answer.sessionID == own.sessionID else { return begin() }
        switch answer.result {
        case .failure(.noNode): return again()
        case .failure(let error): return .failed(.server(error))
        case .success(.children(let nodes)): return place(Queue.view(of: nodes, own: own.paths.map(plan.node)))
        case .success: return .failed(.nonsense("the server has not listed nodes"))
        }
    }

    mutating func ordered(_ nodes: [String], _ outcomes: [Exchange.Outcome]) -> Step {
        guard outcomes.count == nodes.count else { return .failed(.nonsense("answers are missing")) }
        var made: [(node: String, czxid: Int64)] = []
        for (node, outcome) in zip(nodes, outcomes) {
            guard case .success(let answer) = outcome else { return repeated(outcome) { $0.woken() } }
            guard answer.sessionID == own?.sessionID else { return begin() }
            switch answer.result {
            case .success(.stat(let stat)): made.append((node, stat.czxid))
            case .failure(.noNode): continue
            // Somebody who may be before us is not to be overlooked.
            case .failure(let error): return .failed(.server(error))
            case .success: return .failed(.nonsense("the server has not described a node"))
            }
        }
        guard let own else { return begin() }
        return place(Queue.view(of: made, own: own.paths.map(plan.node)))
    }

    private mutating func place(_ view: Queue.View) -> Step {
        switch view {
        // Somebody has deleted our node: what we were before counts no more.
        case .absent: return again()
        case .ambiguous(let nodes):
            phase = .ordering(nodes)
            return .send(nodes.map { .exists(path: plan.path($0)) })
        case .present(let queue):
            guard let predecessor = queue.ahead.last else { return hold() }
            if isImpatient { return leave(queue) }
            phase = .watching(queue)
            var operations = [Operation.getData(path: plan.path(predecessor), watch: true)]
            if describesHolder, !hasQueued, let holder = queue.ahead.first, holder != predecessor {
                operations.append(.getData(path: plan.path(holder)))
            }
            return .send(operations)
        }
    }

    private func hold() -> Step {
        guard let own else { return .failed(.nonsense("nothing is held")) }
        return .holding(own)
    }

    mutating func watched(_ queue: Queue, _ outcomes: [Exchange.Outcome]) -> Step {
        guard let first = outcomes.first, let last = outcomes.last else {
            return .failed(.nonsense("answers are missing"))
        }
        guard case .success(let answer) = first else { return repeated(first) { $0.woken() } }
        guard answer.sessionID == own?.sessionID else { return begin() }
        switch answer.result {
        case .failure(.noNode): return woken()
        case .failure(let error): return .failed(.server(error))
        case .success: break
        }
        phase = .waiting(queue)
        vanished = 0
        guard !hasQueued else { return .wait }
        hasQueued = true
        let wasHolderRead = outcomes.count > 1 || queue.ahead.count == 1
        if wasHolderRead, case .success(let answer) = last, case .success(.data(let data, let stat)) = answer.result {
            contention.holders = [NodeText(data, stat).holder]
        }
        // The holder counts as such, and not as one of those ahead in the queue.
        contention.ahead = queue.waitersAhead
        return .queued(contention)
    }

    mutating func confirmed(_ outcome: Exchange.Outcome?) -> Step {
        guard let outcome else { return .failed(.nonsense("answers are missing")) }
        guard case .success(let answer) = outcome else { return repeated(outcome) { $0.woken() } }
        guard let own, answer.sessionID == own.sessionID else { return begin() }
        switch answer.result {
        case .failure(.noNode): return again()
        case .failure(let error): return .failed(.server(error))
        case .success(.results(let results)):
            return results.contains { if case .failed = $0 { true } else { false } } ? again() : hold()
        case .success: return .failed(.nonsense("the server has not answered a transaction"))
        }
    }
}

extension Contender {
    /// Deletes the nodes, and looks who is in the way.
    ///
    /// - Parameter queue: Who is before us, if that is known.
    /// - Returns: What to do.
    mutating func leave(_ queue: Queue? = nil) -> Step {
        guard let own else { return .left(contention) }
        phase = .leaving(queue)
        let look = queue?.ahead.first.map { Operation.getData(path: plan.path($0)) } ?? listing
        return .send([look] + own.paths.map { .delete(path: $0) })
    }

    mutating func leaving(_ queue: Queue?, _ outcomes: [Exchange.Outcome]) -> Step {
        for outcome in outcomes.dropFirst() {
            guard case .success(let answer) = outcome else { return repeated(outcome) { $0.leave(queue) } }
            switch answer.result {
            case .success, .failure(.noNode): continue
            case .failure(let error): return .failed(.server(error))
            }
        }
        let nodes = (own?.paths ?? []).map(plan.node)
        own = nil
        if let queue {
            contention.ahead = queue.waitersAhead
            return described(outcomes.first)
        }
        guard case .success(let answer) = outcomes.first, case .success(.children(let children)) = answer.result,
            case .present(let queue) = Queue.view(of: children, own: nodes), let holder = queue.ahead.first
        else { return .left(contention) }
        contention.ahead = queue.waitersAhead
        phase = .describing
        return .send([.getData(path: plan.path(holder))])
    }

    mutating func described(_ outcome: Exchange.Outcome?) -> Step {
        if case .success(let answer) = outcome, case .success(.data(let data, let stat)) = answer.result {
            contention.holders = [NodeText(data, stat).holder]
        }
        return .left(contention)
    }
}
