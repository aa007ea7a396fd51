/// The state of one name in an embedded store: who holds it and who waits, first come first served.
///
/// A pure value: every embedded store applies it under its own lock and keeps it where it likes. `Tag` is what the store
/// needs to know of each entry besides (its expiry, its process).
///
/// Fairness is strict: nobody is granted while somebody compatible or not waits before them, so a stream of readers
/// cannot starve a writer.
package struct LockQueue<Tag: Sendable & Hashable>: Sendable, Hashable {
    /// A holder or a waiter.
    package struct Entry: Sendable, Hashable {
        package let owner: OwnerID
        package let mode: LockMode
        package var holder: Holder
        package var tag: Tag
        /// Set when the entry becomes a holder.
        package var token: FencingToken?

        package init(owner: OwnerID, mode: LockMode, holder: Holder, tag: Tag, token: FencingToken? = nil) {
            self.owner = owner
            self.mode = mode
            self.holder = holder
            self.tag = tag
            self.token = token
        }
    }

    /// The answer to a request.
    package enum Decision: Hashable, Sendable {
        case granted(FencingToken)
        /// In the queue, with this many waiters ahead.
        case queued(ahead: Int)
        /// Not granted, and not queued as the request may not wait.
        case refused
    }

    /// Where an entry was when it was removed.
    package enum Removal: Hashable, Sendable {
        case holder
        case waiter
        case absent
    }

    package private(set) var holders: [Entry]
    package private(set) var waiters: [Entry]
    /// The highest token handed out so far.
    package private(set) var lastToken: FencingToken

    package init(
        holders: [Entry] = [],
        waiters: [Entry] = [],
        lastToken: FencingToken = FencingToken(rawValue: 0)
    ) {
        self.holders = holders
        self.waiters = waiters
        self.lastToken = lastToken
    }

    package var isIdle: Bool { holders.isEmpty && waiters.isEmpty }

    /// Grants, queues or refuses `entry`.
    ///
    /// A repeated request of the same owner gets the same answer again and changes nothing.
    ///
    /// - Parameters:
    ///   - entry: Who asks, and for what.
    ///   - mayWait: Whether to queue it if it cannot be granted.
    ///   - floor: The new token is at least this, and always larger than the last one.
    /// - Returns: What became of it.
    /// - Throws: ``LockError/invalid(_:)`` if the name is in use as a semaphore with another number of permits.
    package mutating func request(
        _ entry: Entry,
        mayWait: Bool,
        floor: FencingToken
    ) throws(LockError) -> Decision {
        if let held = holders.first(where: { $0.owner == entry.owner }), let token = held.token {
            return .granted(token)
        }
        if let place = waiters.firstIndex(where: { $0.owner == entry.owner }) {
            return .queued(ahead: place)
        }
        try checkLimit(entry.mode)
        if waiters.isEmpty, canHold(entry.mode) {
            return .granted(admit(entry, floor: floor))
        }
        guard mayWait else { return .refused }
        waiters.append(entry)
        return .queued(ahead: waiters.count - 1)
    }

    /// Removes the entry of `owner`, wherever it is. Follow with ``promote(floor:admitting:)``.
    package mutating func remove(_ owner: OwnerID) -> Removal {
        if let index = holders.firstIndex(where: { $0.owner == owner }) {
            holders.remove(at: index)
            return .holder
        }
        if let index = waiters.firstIndex(where: { $0.owner == owner }) {
            waiters.remove(at: index)
            return .waiter
        }
        return .absent
    }

    /// Removes the holders that are meant, for a forced release. Follow with ``promote(floor:admitting:)``.
    ///
    /// - Throws: ``LockError/busy(_:_:)`` if there are holders, but none of them is meant.
    package mutating func removeHolders(meantBy condition: HolderCondition, of name: LockName) throws(LockError) -> [Entry] {
        let victims = holders.filter { condition.matches(owner: $0.owner, token: $0.token) }
        guard !victims.isEmpty || holders.isEmpty else { throw .busy(name, contention(ahead: nil)) }
        holders.removeAll { condition.matches(owner: $0.owner, token: $0.token) }
        return victims
    }

    /// Removes every entry that is gone for good, and returns them.
    package mutating func prune(_ isGone: (Entry) -> Bool) -> [Entry] {
        let gone = (holders + waiters).filter(isGone)
        guard !gone.isEmpty else { return [] }
        let owners = Set(gone.map(\.owner))
        holders.removeAll { owners.contains($0.owner) }
        waiters.removeAll { owners.contains($0.owner) }
        return gone
    }

    /// Grants to as many waiters, from the head of the queue, as can hold the name now.
    ///
    /// - Parameters:
    ///   - floor: New tokens are at least this, and always larger than the last one.
    ///   - admit: Asked for each of them just before it is granted; it may change the entry (a new expiry), or
    ///     answer `nil` if the waiter is dead, which drops it and goes on with the next.
    /// - Returns: The new holders, in the order of their tokens.
    package mutating func promote(floor: FencingToken, admitting admit: (Entry) -> Entry?) -> [Entry] {
        var granted: [Entry] = []
        while let head = waiters.first, canHold(head.mode) {
            waiters.removeFirst()
            guard let entry = admit(head) else { continue }
            _ = self.admit(entry, floor: floor)
            if let holder = holders.last { granted.append(holder) }
        }
        return granted
    }

    /// Replaces the tag of a holder; `false` if `owner` holds nothing.
    package mutating func updateHolder(_ owner: OwnerID, tag: Tag) -> Bool {
        guard let index = holders.firstIndex(where: { $0.owner == owner }) else { return false }
        holders[index].tag = tag
        return true
    }

    private func canHold(_ mode: LockMode) -> Bool {
        switch mode {
        case .exclusive: holders.isEmpty
        case .shared: holders.allSatisfy { $0.mode == .shared }
        case .permit(let limit): holders.count < limit && holders.allSatisfy { $0.mode.kind == .permit }
        }
    }

    private func checkLimit(_ mode: LockMode) throws(LockError) {
        guard case .permit(let limit) = mode else { return }
        for entry in holders + waiters {
            if case .permit(let agreed) = entry.mode, agreed != limit {
                throw .invalid("the semaphore is in use with \(agreed) permits; \(limit) were asked for")
            }
        }
    }

    private mutating func admit(_ entry: Entry, floor: FencingToken) -> FencingToken {
        let token = max(floor, FencingToken(rawValue: lastToken.rawValue + 1))
        lastToken = token
        var holder = entry
        holder.token = token
        holders.append(holder)
        return token
    }
}

extension LockQueue {
    /// Who is in the way of a request that has `ahead` waiters before it.
    package func contention(ahead: Int?) -> Contention {
        Contention(holders: holders.map(\.holder), ahead: ahead)
    }

    /// Who is in the way of `owner`, which may be queued or not; never `owner` itself.
    package func contention(for owner: OwnerID) -> Contention {
        var contention = contention(ahead: waiters.firstIndex { $0.owner == owner } ?? waiters.count)
        contention.holders = holders.filter { $0.owner != owner }.map(\.holder)
        return contention
    }
}
