import DistributedLocks

extension ToyStore {
    subscript(name: LockName) -> Queue {
        get { queues[key(name)] ?? Queue() }
        set {
            let isIdle = newValue.holders.isEmpty && newValue.waiters.isEmpty
            queues[key(name)] = isIdle && flaw != .listsIdleNames ? nil : newValue
            if isIdle, flaw == .restartsTokens { lastToken = 0 }
            if names[key(name)] == nil { names[key(name)] = name }
        }
    }

    /// Under what a name is kept.
    private func key(_ name: LockName) -> String {
        switch flaw {
        case .foldsCase: bytes(name.text.lowercased())
        case .comparesByEquivalence: name.text
        case .cutsNamesShort: bytes(String(decoding: name.text.utf8.prefix(255), as: UTF8.self))
        case .readsNamesAsText: bytes(name.text)
        case .readsNamesAsPaths: bytes(name.text.split(separator: "/").joined(separator: "/"))
        default: bytes(name.bytes)
        }
    }

    /// Strings are compared by equivalence; this one by its bytes.
    private func bytes(_ text: String) -> String { bytes(Array(text.utf8)) }

    private func bytes(_ bytes: [UInt8]) -> String { bytes.map { String($0, radix: 16) }.joined(separator: ",") }

    func checkLimit(_ mode: LockMode, _ queue: Queue) throws {
        guard case .permit = mode else { return }
        for other in (queue.holders + queue.waiters).map(\.claim.mode) where other.kind == .permit && other != mode {
            throw LockError.invalid("another number of permits")
        }
    }

    func contention(of claim: LockClaim, _ queue: Queue) -> Contention {
        if flaw == .hidesContention { return Contention() }
        let place = queue.waiters.firstIndex { $0.claim == claim } ?? queue.waiters.count
        return Contention(holders: queue.holders.map(\.holder), ahead: flaw == .miscountsQueue ? place + 1 : place)
    }

    func validity(_ ttl: Duration, isTooLong: Bool) -> Grant.Validity {
        guard capabilities.lifetime != .process else { return .unlimited }
        if case .session(let timeout) = capabilities.lifetime {
            let sent = flaw == .sessionStandsStill ? LeaseClock.Instant(offset: .zero) : clock.now
            return .until(LeaseTerm(ttl: timeout).deadline(confirmedBySending: sent))
        }
        let deadline = LeaseTerm(ttl: ttl).deadline(confirmedBySending: clock.now)
        return .until(isTooLong ? deadline.advanced(by: ttl / 2) : deadline)
    }

    func expiry(_ ttl: Duration) -> LeaseClock.Instant? {
        if flaw == .expiresUnasked { return clock.now.advanced(by: ttl) }
        guard case .expiring = capabilities.lifetime, flaw != .neverExpires else { return nil }
        return clock.now.advanced(by: flaw == .expiresEarly ? ttl / 2 : ttl)
    }

    func admit(_ entry: Entry, _ queue: inout Queue, isFirst: Bool = true) -> Grant {
        let sharesToken =
            flaw == .repeatsTokensOfReaders && !queue.holders.isEmpty || flaw == .sharesTokenInOneStep && !isFirst
        if !sharesToken, flaw != .repeatsTokens || queue.waiters.isEmpty { lastToken += 1 }
        let grant = Grant(
            claim: entry.claim,
            token: FencingToken(rawValue: lastToken),
            validity: validity(entry.ttl, isTooLong: flaw == .grantsTooLong),
            lossSignal: LossSignal()
        )
        var entry = entry
        entry.grant = grant
        entry.holder.heldSince = flaw == .holdsSinceJoining ? entry.holder.waitingSince : WallClock.system.now
        entry.expiry = expiry(entry.ttl)
        queue.holders.append(entry)
        if let expiry = entry.expiry, flaw != .needsVisitToExpire { visit(entry.claim.name, at: expiry) }
        return grant
    }

    func visit(_ name: LockName, at instant: LeaseClock.Instant) {
        let clock = clock
        Task {
            try await clock.sleep(until: instant)
            prune(name)
        }
    }

    func prune(_ name: LockName) {
        let now = clock.now
        var queue = self[name]
        let before = queue.holders.count
        queue.holders.removeAll { entry in entry.expiry.map { $0 <= now } ?? false }
        guard queue.holders.count < before else { return }
        self[name] = queue
        promote(name)
    }

    func promote(_ name: LockName) {
        var queue = self[name]
        var woken = 0
        while let head = queue.waiters.first, queue.canHold(head.claim.mode, flaw) {
            if flaw == .wakesReadersOneByOne, woken > 0 { break }
            queue.waiters.removeFirst()
            end(head.claim.owner, .success(.granted(admit(head, &queue, isFirst: woken == 0))))
            woken += 1
        }
        if flaw == .answersTheHerd, woken > 0 {
            for waiter in queue.waiters { end(waiter.claim.owner, .success(.unavailable(Contention()))) }
            queue.waiters = []
        }
        self[name] = queue
    }

    func remove(_ claim: LockClaim) -> Bool {
        var queue = self[claim.name]
        let before = queue.holders.count + queue.waiters.count
        if flaw == .forgetsReleases { return true }
        if flaw == .countsRepeatedRequests {
            if let index = queue.holders.firstIndex(where: { $0.claim == claim }) { queue.holders.remove(at: index) }
        } else {
            queue.holders.removeAll { entry in
                if entry.isKept, flaw == .keepCannotBeCutShort { return false }
                return entry.claim == claim || flaw == .releaseIgnoresOwner
            }
        }
        if flaw != .keepsCancelledWaiters { queue.waiters.removeAll { $0.claim == claim } }
        self[claim.name] = queue
        if flaw != .losesWakeUps { promote(claim.name) }
        return queue.holders.count + queue.waiters.count < before
    }
}
