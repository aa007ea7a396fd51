import Synchronization

extension MemoryStore {
    /// What a change of one queue can reach besides.
    struct Step {
        let context: QueueContext<Tag>
        var news = QueueNews<Tag>()
        var state: State

        func place(of claim: LockClaim) -> QueuePlace? { state.claims[claim.owner]?.place }
    }

    /// Grants, queues or refuses a request.
    func enqueue(_ request: LockRequest) throws -> Answer {
        let now = clock.now
        return try changeOrThrow(request.claim.name) { line, step -> Answer in
            guard !step.state.isClosed else { throw LockError.closed(store: self.label) }
            let (claim, owner) = (request.claim, request.claim.owner)
            if let known = step.state.claims[owner] {
                if let held = known.held { return .granted(self.grant(claim, known.ttl, held, now)) }
                if let slot = known.slot { return .waiting(slot, try self.contention(of: claim, &line.queue, step)) }
            }
            let tag = Tag(ttl: request.ttl, arrival: now, waitingSince: request.holder.waitingSince)
            let entry = QueueEntry(owner: owner, mode: claim.mode, holder: request.holder, tag: tag)
            let mayWait = request.patience != .none
            switch try line.queue.request(entry, mayWait: mayWait, step.context, &step.news) {
            case .granted(let token, let place):
                let held = (token: token, signal: LossSignal())
                step.state.claims[owner] = Claim(place: place, ttl: request.ttl, held: held)
                self.noteExpiry(of: &line, ttl: request.ttl, now: now)
                return .granted(self.grant(claim, request.ttl, held, now))
            case .refused(let ahead):
                return .refused(try line.queue.contention(ahead: ahead))
            case .queued(let place, let ahead):
                let slot = WaitSlot<Outcome>()
                step.state.claims[owner] = Claim(place: place, ttl: request.ttl, slot: slot)
                return .waiting(slot, try line.queue.contention(ahead: ahead))
            }
        }
    }

    /// Suspends until the queued `request` is granted or will not be.
    func wait(in slot: WaitSlot<Outcome>, _ request: LockRequest) async throws -> Acquisition {
        var ticket: TimerQueue<Timer>.Ticket?
        if case .until(let deadline) = request.patience {
            ticket = timers.schedule(.deadline(request.claim), at: deadline)
        }
        defer { if let ticket { timers.cancel(ticket) } }
        switch try await slot.outcome() {
        case .granted(let grant): return .granted(grant)
        case .withdrawn: throw CancellationError()
        case .closed: throw LockError.closed(store: label)
        case .outOfTime(let contention): return .unavailable(contention)
        }
    }

    func reached(_ due: [Timer]) {
        var claims: [LockName: [LockClaim]] = [:]
        for timer in due {
            switch timer {
            case .deadline(let claim): claims[claim.name, default: []].append(claim)
            case .expiry(let name): claims[name, default: []] += []
            }
        }
        for (name, claims) in claims { expire(claims, of: name) }
    }

    /// Removes waiters whose time is over, all of one name at once, and tells who was in their way.
    private func expire(_ claims: [LockClaim], of name: LockName) {
        let ends = change(name) { line, step -> [(WaitSlot<Outcome>, Contention)] in
            let contention = try line.queue.contention(ahead: nil)
            let places = claims.map { (owner: $0.owner, hint: step.place(of: $0)) }
            let expiries = try line.queue.expire(places, step.context, &step.news)
            return zip(claims, expiries).compactMap { claim, expiry -> (WaitSlot<Outcome>, Contention)? in
                guard case .removed(let ahead) = expiry,
                    let slot = step.state.claims.removeValue(forKey: claim.owner)?.slot
                else { return nil }
                return (slot, Contention(holders: contention.holders, ahead: ahead))
            }
        }
        for (slot, contention) in ends ?? [] { slot.finish(.outOfTime(contention)) }
    }

    /// Like ``changeOrThrow(_:_:)``, for changes that cannot fail.
    func change<Result: Sendable>(
        _ name: LockName,
        _ body: (inout Line, inout Step) throws -> Result
    ) -> Result? {
        // Of a queue in memory nothing fails but what `body` refuses.
        try? changeOrThrow(name, body)
    }

    /// Changes one queue: drops what has expired, applies `body`, tells who holds the name now, and forgets the queue when it
    /// is idle.
    func changeOrThrow<Result: Sendable>(
        _ name: LockName,
        _ body: (inout Line, inout Step) throws -> Result
    ) throws -> Result {
        let now = clock.now
        var granted: [(Grant, WaitSlot<Outcome>)] = []
        defer { for (grant, slot) in granted { slot.finish(.granted(grant)) } }
        return try state.withLock { state in
            var line = state.lines.removeValue(forKey: name) ?? Line()
            // Moved, not copied.
            var step = Step(context: context(now, after: state.lastToken), state: State())
            swap(&step.state, &state)
            defer {
                granted += takeGrants(name, &line, &step, now)
                keep(line, of: name, &step)
                swap(&step.state, &state)
            }
            try dropExpired(&line, &step, now)
            // What has been granted by then is held for `body`.
            granted = takeGrants(name, &line, &step, now)
            return try body(&line, &step)
        }
    }

    private func context(_ now: LeaseClock.Instant, after token: FencingToken) -> QueueContext<Tag> {
        QueueContext(
            floor: FencingToken(rawValue: token.rawValue + 1),
            since: { $0.tag.wallTime(at: now) },
            isGone: { mark in mark.tag.expiry.map { $0 <= now } ?? false },
            admit: { [self] mark in mark.tag.expiring(expiry(ttl: mark.tag.ttl, now: now)) }
        )
    }

    private func dropExpired(_ line: inout Line, _ step: inout Step, _ now: LeaseClock.Instant) throws(LockError) {
        guard let next = line.nextExpiry, next <= now else { return }
        for mark in try line.queue.countHolders(step.context) { step.state.claims[mark.owner] = nil }
        try line.queue.promote(step.context, &step.news)
        var first: LeaseClock.Instant?
        try line.queue.walk(line.queue.holderPositions) { _, mark in
            if let expiry = mark.tag.expiry { first = min(first ?? expiry, expiry) }
            return true
        }
        line.nextExpiry = first
    }

    /// Makes holders of those who have been granted.
    private func takeGrants(_ name: LockName, _ line: inout Line, _ step: inout Step, _ now: LeaseClock.Instant) -> [(
        Grant, WaitSlot<Outcome>
    )] {
        var granted: [(Grant, WaitSlot<Outcome>)] = []
        for item in step.news.granted {
            guard let token = item.mark.token, let claim = step.state.claims[item.mark.owner], let slot = claim.slot
            else {
                continue
            }
            let held = (token: token, signal: LossSignal())
            step.state.claims[item.mark.owner]?.slot = nil
            step.state.claims[item.mark.owner]?.held = held
            noteExpiry(of: &line, ttl: claim.ttl, now: now)
            let lockClaim = LockClaim(name: name, mode: item.mark.mode, owner: item.mark.owner)
            granted.append((grant(lockClaim, claim.ttl, held, now), slot))
        }
        step.news.granted = []
        return granted
    }

    /// Keeps what a change has left; a queue that is idle is forgotten.
    private func keep(_ line: Line, of name: LockName, _ step: inout Step) {
        var line = line
        step.state.lastToken = max(step.state.lastToken, line.queue.control.lastToken)
        let isOver = line.queue.control.isIdle || step.state.isClosed
        watchExpiry(of: name, &line, isOver: isOver)
        if !isOver { step.state.lines[name] = line }
    }

    private func grant(
        _ claim: LockClaim,
        _ ttl: Duration,
        _ held: (token: FencingToken, signal: LossSignal),
        _ now: LeaseClock.Instant
    ) -> Grant {
        Grant(claim: claim, token: held.token, validity: validity(ttl: ttl, now: now), lossSignal: held.signal)
    }

    private func contention(
        of claim: LockClaim,
        _ queue: inout Queue,
        _ step: Step
    ) throws(LockError) -> Contention {
        var ahead = 0
        guard let position = step.place(of: claim)?.position else { return try queue.contention(ahead: nil) }
        try queue.walk(queue.control.granted..<max(position, queue.control.granted)) { _, _ in
            ahead += 1
            return true
        }
        return try queue.contention(ahead: ahead)
    }

    private func noteExpiry(of line: inout Line, ttl: Duration, now: LeaseClock.Instant) {
        guard let expiry = expiry(ttl: ttl, now: now) else { return }
        line.nextExpiry = min(line.nextExpiry ?? expiry, expiry)
    }

    /// Waiters must not depend on somebody else's visit to learn that the holder has expired.
    private func watchExpiry(of name: LockName, _ line: inout Line, isOver: Bool) {
        let isNeeded = !isOver && (line.queue.control.waiters > 0 || !capabilities.lifetime.expires)
        guard isNeeded, let next = line.nextExpiry else {
            if let watch = line.watch.take() { timers.cancel(watch.ticket) }
            return
        }
        if let watch = line.watch {
            guard watch.due != next else { return }
            timers.cancel(watch.ticket)
        }
        line.watch = (timers.schedule(.expiry(name), at: next), next)
    }

    func expiry(ttl: Duration, now: LeaseClock.Instant) -> LeaseClock.Instant? {
        capabilities.lifetime.expires ? now.advanced(by: ttl) : nil
    }

    func validity(ttl: Duration, now: LeaseClock.Instant) -> Grant.Validity {
        guard capabilities.lifetime.expires else { return .unlimited }
        return .until(LeaseTerm(ttl: ttl).deadline(confirmedBySending: now))
    }

    func status(of name: LockName, _ queue: inout Queue) throws(LockError) -> LockStatus {
        let now = clock.now
        func participant(_ entry: QueueEntry<Tag>) -> LockStatus.Participant {
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
            holders: try queue.holders(atMost: .max).map(participant),
            waiters: try queue.waiters().map(participant)
        )
    }
}

extension StoreCapabilities.Lifetime {
    /// Whether leases have an end.
    fileprivate var expires: Bool {
        if case .expiring = self { true } else { false }
    }
}
