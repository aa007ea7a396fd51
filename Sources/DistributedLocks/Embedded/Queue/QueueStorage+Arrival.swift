/// The answer to a request for a name.
package enum QueueDecision: Hashable, Sendable {
    case granted(FencingToken, QueuePlace)
    /// In the queue, with this many waiters ahead.
    case queued(QueuePlace, ahead: Int)
    /// Not granted, and not queued as the request may not wait.
    case refused(ahead: Int)
}

extension QueueStorage {
    /// Grants, queues or refuses `entry`, whose owner has nothing in the queue yet.
    ///
    /// - Parameters:
    ///   - entry: Who asks, and for what.
    ///   - mayWait: Whether to queue it if it cannot be granted.
    ///   - context: Of the world.
    ///   - news: Whom it concerns besides.
    /// - Returns: What became of it.
    /// - Throws: ``LockError/invalid(_:)`` if the name is in use as a semaphore with another number of permits.
    package mutating func request(
        _ entry: QueueEntry<Tag>,
        mayWait: Bool,
        _ context: QueueContext<Tag>,
        _ news: inout QueueNews<Tag>
    ) throws(LockError) -> QueueDecision {
        if !control.isIdle {
            try makeWay(for: entry.mode, mayWait: mayWait, context, &news)
            try checkLimit(entry.mode, context)
        }
        if control.granted == control.tail, control.fits(entry.mode) {
            var holder = entry
            let token = nextToken(context)
            holder.token = token
            holder.holder.heldSince = context.since(entry.mark)
            holder.tag = context.admit(entry.mark) ?? entry.tag
            let position = try append(holder)
            control.granted = control.tail
            control.add(holder: entry.mode, token)
            return .granted(token, place(position))
        }
        let ahead = Int(control.waiters)
        guard mayWait else { return .refused(ahead: ahead) }
        let position = try append(entry)
        control.waiters += 1
        return .queued(place(position), ahead: ahead)
    }

    /// Clears away the dead that alone may be in the way.
    private mutating func makeWay(
        for mode: LockMode,
        mayWait: Bool,
        _ context: QueueContext<Tag>,
        _ news: inout QueueNews<Tag>
    ) throws(LockError) {
        if let head = try settle() {
            // Who may wait does so, and watches who is before it; see `removeAll(where:)`.
            if mayWait {
                try trim()
                if control.fits(head.mode) { try promote(context, &news) }
                return
            }
            while let head = try settle(), context.isGone(head) {
                try erase(control.granted, head)
            }
            if control.granted < control.tail { return }
            try trim()
        }
        if !control.fits(mode) { try countHolders(context) }
    }

    /// Counts the holders, and clears away those that are dead.
    ///
    /// - Returns: The dead.
    @discardableResult
    package mutating func countHolders(_ context: QueueContext<Tag>) throws(LockError) -> [QueueMark<Tag>] {
        var (count, kind): (UInt32, LockMode.Kind) = (0, .exclusive)
        var dead: [(UInt64, QueueMark<Tag>)] = []
        try walk(holderPositions) { position, mark in
            if context.isGone(mark) {
                dead.append((position, mark))
            } else {
                count += 1
                kind = mark.mode.kind
            }
            return true
        }
        for (position, mark) in dead.reversed() { try erase(position, mark) }
        control.holders = count
        control.heldKind = kind
        try trim()
        return dead.map(\.1)
    }

    private mutating func checkLimit(_ mode: LockMode, _ context: QueueContext<Tag>) throws(LockError) {
        guard case .permit(let limit) = mode, control.permits > 0, control.limit != Int64(limit) else { return }
        var count: UInt32 = 0
        try walk(everybody) { _, mark in
            if case .permit = mark.mode, !context.isGone(mark) { count += 1 }
            return true
        }
        if count > 0 {
            throw .invalid("the semaphore is in use with \(control.limit) permits; \(limit) were asked for")
        }
        control.permits = 0
    }

    func nextToken(_ context: QueueContext<Tag>) -> FencingToken {
        max(context.floor, FencingToken(rawValue: control.lastToken.rawValue + 1))
    }

    private mutating func append(_ entry: QueueEntry<Tag>) throws(LockError) -> UInt64 {
        if control.tail - control.first >= capacity { try makeRoom() }
        let position = control.tail
        try put(entry, at: position)
        control.tail += 1
        if case .permit(let limit) = entry.mode {
            control.permits += 1
            control.limit = Int64(limit)
        }
        return position
    }

    /// Moves to a larger ring; if most of it is gone, moves those who are left together.
    private mutating func makeRoom() throws(LockError) {
        var positions: [UInt64] = []
        try walk(everybody) { position, _ in
            positions.append(position)
            return true
        }
        guard positions.count * 2 <= Int(capacity) else {
            return try rebuild(capacity: nextCapacity, moves: everybody.map { ($0, $0) })
        }
        let holders = positions.count { $0 < control.granted }
        try rebuild(capacity: capacity, moves: positions.enumerated().map { ($1, UInt64($0)) })
        control.epoch += 1
        control.first = 0
        control.granted = UInt64(holders)
        control.tail = UInt64(positions.count)
    }
}
