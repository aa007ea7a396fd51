import DistributedLocks

extension ToyStore {
    func release(_ claim: LockClaim) async throws -> ReleaseOutcome {
        prune(claim.name)
        if remove(claim) || flaw == .alwaysReleased { return .released }
        if flaw == .failsOnUnknownRelease { throw LockError.storeFailed(store: label, reason: "no such claim") }
        return .notHeld
    }

    func release(_ claim: LockClaim, after delay: Duration) async throws -> ReleaseOutcome {
        prune(claim.name)
        if flaw == .keepsNothing { return try await release(claim) }
        var queue = self[claim.name]
        let index = queue.holders.firstIndex { $0.claim == claim || flaw == .keepIgnoresOwner }
        guard let index else { return flaw == .keepsWhatNobodyHolds ? .released : .notHeld }
        let start = queue.holders[index].isKept && flaw == .keepAddsUp ? queue.holders[index].expiry : nil
        let end = (start ?? clock.now).advanced(by: flaw == .keepsTooLong ? delay * 4 : delay)
        queue.holders[index].isKept = true
        if flaw != .keepsForTheLease { queue.holders[index].expiry = end }
        self[claim.name] = queue
        if flaw != .keepNeedsVisit { visit(claim.name, at: end) }
        return .released
    }

    func renew(_ requests: [RenewalRequest]) async -> [Renewal] {
        let answers = requests.map { request -> Renewal in
            guard capabilities.lifetime != .process else { return .confirmed(.unlimited) }
            let claim = request.claim
            prune(claim.name)
            var queue = self[claim.name]
            let index = queue.holders.firstIndex { ($0.claim == claim || flaw == .renewIgnoresOwner) && !$0.isKept }
            if flaw == .sessionResurrects { return .confirmed(validity(request.ttl, isTooLong: false)) }
            if index == nil, flaw == .renewResurrects, queue.holders.isEmpty {
                _ = admit(Entry(claim: claim, ttl: request.ttl), &queue)
            } else if let index {
                queue.holders[index].expiry = expiry(request.ttl)
            } else {
                return .refused(.removed)
            }
            if flaw != .renewDoesNotExtend { self[claim.name] = queue }
            visit(claim.name, at: clock.now.advanced(by: request.ttl))
            return .confirmed(validity(request.ttl, isTooLong: flaw == .renewalGrantsTooLong))
        }
        return flaw == .renewsInReverse ? answers.reversed() : answers
    }

    func forceRelease(_ name: LockName, from condition: HolderCondition) async throws -> [Holder] {
        prune(name)
        var queue = self[name]
        let cutOff = try holders(meantBy: condition, in: queue, of: name)
        queue.holders.removeAll { entry in cutOff.contains { $0.claim == entry.claim } }
        self[name] = queue
        promote(name)
        if cutOff.isEmpty, flaw == .failsOnIdleForce { throw LockError.storeFailed(store: label, reason: "nobody") }
        let told = flaw == .signalsEverybody ? queues.values.flatMap(\.holders) + cutOff : cutOff
        for entry in told where flaw != .forgetsToSignal {
            entry.grant?.lossSignal?.raise(flaw == .signalsWrongReason ? .removed : .revoked)
        }
        return flaw == .namesNobodyForced ? [] : cutOff.map(\.holder)
    }

    private func holders(meantBy condition: HolderCondition, in queue: Queue, of name: LockName) throws -> [Entry] {
        if flaw == .forcesOneHolderOnly, condition == .any { return Array(queue.holders.prefix(1)) }
        let meant = queue.holders.filter { condition.matches(owner: $0.claim.owner, token: $0.grant?.token) }
        if flaw == .forceIgnoresCondition || flaw == .forceMeansAllIfAny && !meant.isEmpty { return queue.holders }
        guard meant.isEmpty, !queue.holders.isEmpty, flaw != .forceMismatchIsSilent else { return meant }
        throw LockError.busy(name, Contention(holders: queue.holders.map(\.holder)))
    }

    func status(of name: LockName) async throws -> LockStatus {
        prune(name)
        var queue = self[name]
        if flaw == .inventsHolders, queue.holders.isEmpty {
            queue.holders = [Entry(claim: LockClaim(name: name, mode: .shared, owner: OwnerID(high: 0, low: 0)))]
        }
        if flaw == .hidesWhatIsKept { queue.holders.removeAll { $0.isKept } }
        func participant(_ entry: Entry) -> LockStatus.Participant {
            var holder = flaw == .hidesHolders ? Holder() : entry.holder
            if flaw == .forgetsWhenWaitingBegan { holder.waitingSince = WallClock.system.now }
            if flaw == .waitersHold { holder.heldSince = holder.heldSince ?? holder.waitingSince }
            return LockStatus.Participant(
                holder: holder,
                mode: entry.claim.mode,
                owner: entry.claim.owner,
                token: flaw == .hidesTokens ? nil : entry.grant?.token,
                remaining: entry.expiry.map { clock.now.duration(to: $0) }
            )
        }
        let waiters = flaw == .showsWaitersInReverse ? queue.waiters.reversed() : queue.waiters
        return LockStatus(name: name, holders: queue.holders.map(participant), waiters: waiters.map(participant))
    }

    func list() async throws -> [LockStatus] {
        var list: [LockStatus] = []
        for key in queues.keys {
            guard let name = names[key] else { continue }
            let status = try await status(of: name)
            if !status.isIdle || flaw == .listsIdleNames { list.append(status) }
        }
        return flaw == .listsInAnyOrder ? list : list.sorted { $0.name < $1.name }
    }
}
