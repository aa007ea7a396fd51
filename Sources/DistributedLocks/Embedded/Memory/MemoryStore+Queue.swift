import Synchronization

extension MemoryStore {
    /// Grants, queues or refuses a request.
    func enqueue(_ request: LockRequest) throws -> Answer {
        let now = clock.now
        return try change(request.claim.name) { queue, state in
            guard !state.isClosed else { throw LockError.closed(store: self.label) }
            let owner = request.claim.owner
            let entry = Queue.Entry(
                owner: owner,
                mode: request.claim.mode,
                holder: request.holder,
                tag: Tag(ttl: request.ttl, expiry: self.expiry(ttl: request.ttl, now: now))
            )
            let floor = FencingToken(rawValue: state.lastToken.rawValue + 1)
            switch try queue.request(entry, mayWait: request.patience != .none, floor: floor) {
            case .granted(let token):
                return .granted(self.grant(request.claim, ttl: request.ttl, token: token, now: now, &state))
            case .refused:
                return .refused(queue.contention(for: owner))
            case .queued:
                let slot = state.slots[owner] ?? WaitSlot()
                state.slots[owner] = slot
                return .waiting(slot, queue.contention(for: owner))
            }
        }
    }

    /// Suspends until the queued `request` is granted or will not be.
    func wait(in slot: WaitSlot<Outcome>, _ request: LockRequest) async throws -> Acquisition {
        var ticket: TimerQueue<Timer>.Ticket?
        if case .until(let deadline) = request.patience { ticket = timers.schedule(.deadline(slot), at: deadline) }
        defer { if let ticket { timers.cancel(ticket) } }
        switch try await slot.outcome() {
        case .granted(let grant): return .granted(grant)
        case .withdrawn: throw CancellationError()
        case .closed: throw LockError.closed(store: label)
        case .outOfTime: return withdraw(request.claim)
        }
    }

    /// Removes a waiter whose time is up, and tells who was in its way. If it has been granted in the very same moment,
    /// the grant is given back: the caller was told the time first.
    private func withdraw(_ claim: LockClaim) -> Acquisition {
        change(claim.name) { queue, state in
            let contention = queue.contention(for: claim.owner)
            _ = queue.remove(claim.owner)
            state.signals[claim.owner] = nil
            state.slots[claim.owner] = nil
            return .unavailable(contention)
        }
    }

    /// Changes one queue: drops what has expired, applies `body`, grants to whoever can hold the name now, and forgets
    /// the queue when it is idle.
    func change<Result>(
        _ name: LockName,
        _ body: (inout Queue, inout State) throws -> sending Result
    ) rethrows -> sending Result {
        let now = clock.now
        var granted: [(Grant, WaitSlot<Outcome>?)] = []
        let result = try state.withLock { state in
            var queue = state.queues[name] ?? Queue()
            let expired = queue.prune { entry in entry.token != nil && (entry.tag.expiry.map { $0 <= now } ?? false) }
            for entry in expired { state.signals[entry.owner] = nil }
            granted += promote(&queue, name, now: now, &state)
            let result = try body(&queue, &state)
            granted += promote(&queue, name, now: now, &state)
            state.lastToken = max(state.lastToken, queue.lastToken)
            state.queues[name] = queue.isIdle || state.isClosed ? nil : queue
            watchExpiry(of: name, queue, &state)
            return result
        }
        for (grant, slot) in granted { slot?.finish(.granted(grant)) }
        return result
    }

    private func promote(_ queue: inout Queue, _ name: LockName, now: LeaseClock.Instant, _ state: inout State)
        -> [(Grant, WaitSlot<Outcome>?)]
    {
        let floor = FencingToken(rawValue: state.lastToken.rawValue + 1)
        let entries = queue.promote(floor: floor) { entry in
            var entry = entry
            entry.tag.expiry = expiry(ttl: entry.tag.ttl, now: now)
            return entry
        }
        return entries.compactMap { entry in
            guard let token = entry.token else { return nil }
            let claim = LockClaim(name: name, mode: entry.mode, owner: entry.owner)
            let slot = state.slots.removeValue(forKey: entry.owner)
            return (grant(claim, ttl: entry.tag.ttl, token: token, now: now, &state), slot)
        }
    }

    private func grant(
        _ claim: LockClaim,
        ttl: Duration,
        token: FencingToken,
        now: LeaseClock.Instant,
        _ state: inout State
    ) -> Grant {
        let signal = state.signals[claim.owner] ?? LossSignal()
        state.signals[claim.owner] = signal
        return Grant(claim: claim, token: token, validity: validity(ttl: ttl, now: now), lossSignal: signal)
    }

    /// Waiters must not depend on somebody else's visit to learn that the holder has expired.
    private func watchExpiry(of name: LockName, _ queue: Queue, _ state: inout State) {
        if let ticket = state.watches.removeValue(forKey: name) { timers.cancel(ticket) }
        guard !queue.waiters.isEmpty, let next = queue.holders.compactMap(\.tag.expiry).min() else { return }
        state.watches[name] = timers.schedule(.expiry(name), at: next)
    }

    func reached(_ timer: Timer) {
        switch timer {
        case .deadline(let slot): slot.finish(.outOfTime)
        case .expiry(let name): change(name) { _, _ in }
        }
    }

    func expiry(ttl: Duration, now: LeaseClock.Instant) -> LeaseClock.Instant? {
        if case .expiring = capabilities.lifetime { now.advanced(by: ttl) } else { nil }
    }

    func validity(ttl: Duration, now: LeaseClock.Instant) -> Grant.Validity {
        guard case .expiring = capabilities.lifetime else { return .unlimited }
        return .until(LeaseTerm(ttl: ttl).deadline(confirmedBySending: now))
    }

    func status(of name: LockName, _ queue: Queue) -> LockStatus {
        let now = clock.now
        func participant(_ entry: Queue.Entry) -> LockStatus.Participant {
            LockStatus.Participant(
                holder: entry.holder,
                mode: entry.mode,
                owner: entry.owner,
                token: entry.token,
                remaining: entry.token == nil ? nil : entry.tag.expiry.map { now.duration(to: $0) }
            )
        }
        return LockStatus(
            name: name,
            holders: queue.holders.map(participant),
            waiters: queue.waiters.map(participant)
        )
    }
}
