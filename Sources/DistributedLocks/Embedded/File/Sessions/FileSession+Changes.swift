// What a session does in the critical sections of lock files.

extension FileSession {
    /// Asks for several claims on one name.
    ///
    /// - Returns: The answers, in the same order.
    func enter(_ arrivals: [Errands.Arrival], of name: LockName) throws(LockError) -> Section<
        [Result<Entrance, LockError>]
    > {
        try attempt(name, creating: true) { queue, scope throws(LockError) -> [Result<Entrance, LockError>] in
            var answers: [Result<Entrance, LockError>] = []
            for arrival in arrivals {
                do throws(LockError) {
                    answers.append(.success(try enter(arrival, &queue, &scope)))
                } catch {
                    guard case .invalid = error else { throw error }
                    answers.append(.failure(error))
                }
            }
            return answers
        }
    }

    private func enter(
        _ arrival: Errands.Arrival,
        _ queue: inout FileQueue,
        _ scope: inout Scope
    ) throws(LockError) -> Entrance {
        let (request, claim) = (arrival.request, arrival.request.claim)
        switch registry.known(claim.owner) {
        case .held(let held): return .granted(held)
        case .waiting(let slot):
            registry.join(claim.owner, arrival.slot)
            return .waiting(slot, try contention(of: claim, &queue, scope.context))
        case .unknown: break
        }
        if arrival.isRetry {
            try queue.removeAll(scope.context, &scope.news) { $0.owner == claim.owner && $0.tag.session != id }
        }
        let entry = QueueEntry(owner: claim.owner, mode: claim.mode, holder: request.holder, tag: SessionTag(id))
        let lastToken = queue.control.lastToken
        switch try queue.request(entry, mayWait: request.patience != .none, scope.context, &scope.news) {
        case .granted(let token, let place):
            return .granted(try registry.hold(claim, token: token, at: place, file: scope.file))
        case .queued(let place, let ahead):
            let contention = try queue.contention(ahead: ahead)
            try registry.wait(for: claim, in: arrival.slot, after: lastToken, at: place, file: scope.file)
            try watch(claim.owner, at: place.position, &queue, &scope)
            return .waiting(arrival.slot, contention)
        case .refused(let ahead):
            return .refused(try queue.contention(ahead: ahead))
        }
    }

    /// Who is in the way of a claim that waits.
    private func contention(
        of claim: LockClaim,
        _ queue: inout FileQueue,
        _ context: QueueContext<SessionTag>
    ) throws(LockError) -> Contention {
        guard let (position, mark) = try queue.locate(claim.owner, registry.place(of: claim.owner), context),
            mark.token == nil, position >= queue.control.granted, position - queue.control.granted <= 128
        else { return try queue.contention(ahead: nil) }
        var ahead = 0
        try queue.walk(queue.control.granted..<position) { _, _ in
            ahead += 1
            return true
        }
        return try queue.contention(ahead: ahead)
    }

    /// Takes a claim out, and hands on what it held; `isHeld` if it is known to be held.
    func remove(_ claim: LockClaim, isHeld: Bool) throws(LockError) -> Section<QueueRemoval> {
        try attempt(claim.name, creating: false, checksPlace: !isHeld) { queue, scope throws(LockError) in
            let removal = try queue.remove(claim.owner, registry.place(of: claim.owner), scope.context, &scope.news)
            registry.forget(claim.owner)
            return removal
        }
    }

    /// Takes several claims out that wait, those whose time is over and those that are given up.
    func remove(_ departures: [Errands.Departure], of name: LockName) throws(LockError) -> Section<Void> {
        try attempt(name, creating: false) { queue, scope throws(LockError) -> Void in
            let expired = departures.filter { $0.answer == nil && registry.isWaiting($0.claim.owner) }
            let contention = try queue.contention(ahead: nil)
            let claims = expired.map { (owner: $0.claim.owner, hint: registry.place(of: $0.claim.owner)) }
            for (departure, expiry) in zip(expired, try queue.expire(claims, scope.context, &scope.news)) {
                var contention = contention
                switch expiry {
                case .granted(let token): registry.grant(departure.claim.owner, token)
                case .removed(let ahead):
                    contention.ahead = ahead
                    registry.endWait(departure.claim.owner, .expired(contention))
                case .absent: registry.endWait(departure.claim.owner, .expired(contention))
                }
            }
            for departure in departures {
                guard let answer = departure.answer else { continue }
                let owner = departure.claim.owner
                let removal = try queue.remove(owner, registry.place(of: owner), scope.context, &scope.news)
                registry.forget(owner)
                answer.open(.success(removal == .absent ? .notHeld : .released))
            }
        }
    }

    /// Has the store give a held claim back by itself later.
    func keep(_ claim: LockClaim, until kept: KeptUntil) throws(LockError) -> Section<Bool> {
        try attempt(claim.name, creating: false) { queue, scope throws(LockError) -> Bool in
            let place = registry.place(of: claim.owner)
            let isHeld = try queue.retag(claim.owner, place, scope.context, &scope.news) { _ in
                SessionTag(keptUntil: kept)
            }
            if isHeld { registry.forget(claim.owner) }
            return isHeld
        }
    }

    /// Who holds and who waits, among the living.
    func status(of name: LockName) throws(LockError) -> Section<LockStatus> {
        try attempt(name, creating: false) { queue, scope throws(LockError) -> LockStatus in
            try pruneAll(&queue, &scope)
            return LockStatus(
                name: name,
                holders: try queue.holders(atMost: .max).map(participant),
                waiters: try queue.waiters().map(participant)
            )
        }
    }

    private func participant(_ entry: QueueEntry<SessionTag>) -> LockStatus.Participant {
        var remaining: Duration?
        if let kept = entry.tag.kept { remaining = max(self.remaining(kept), .zero) }
        return LockStatus.Participant(
            holder: entry.holder,
            mode: entry.mode,
            owner: entry.owner,
            token: entry.token,
            remaining: remaining
        )
    }

    /// Cuts off the holders that are meant.
    ///
    /// Those whom it concerns are told before: this process may be killed between the change and the messages that follow it,
    /// and nobody watches for its end. They find the file busy until then, and look again.
    func removeHolders(of name: LockName, meantBy condition: HolderCondition) throws(LockError) -> Section<[Holder]> {
        try attempt(name, creating: false) { queue, scope throws(LockError) in
            try pruneAll(&queue, &scope)
            try queue.walk(queue.everybody) { _, mark in
                if mark.tag.session != id { deliver(.review, mark) }
                // The holders, and the first who waits.
                return mark.token != nil
            }
            return try queue.removeHolders(meantBy: condition, of: name, scope.context, &scope.news).map(\.holder)
        }
    }

    /// Clears away everything that is dead.
    func pruneAll(_ queue: inout FileQueue, _ scope: inout Scope) throws(LockError) {
        guard !queue.control.isIdle else { return }
        try queue.removeAll(scope.context, &scope.news, where: scope.context.isGone)
    }

    /// Takes everything of this session out of the queue of `name`.
    func giveUp(_ name: LockName) throws(LockError) -> Section<Void> {
        try attempt(name, creating: false) { queue, scope throws(LockError) in
            try queue.removeAll(scope.context, &scope.news) { $0.tag.session == id }
        }
    }
}
