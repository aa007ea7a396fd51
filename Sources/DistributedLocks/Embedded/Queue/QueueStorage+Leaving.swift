/// What an entry was when it was removed.
package enum QueueRemoval: Hashable, Sendable {
    case holder
    case waiter
    case absent
}

/// What became of a claim whose time to wait is over.
package enum QueueExpiry: Hashable, Sendable {
    /// It has been granted in that very moment.
    case granted(FencingToken)
    /// Removed; with so many waiters ahead, if they were few enough to count.
    case removed(ahead: Int?)
    case absent
}

extension QueueStorage {
    /// Removes `owner`, wherever it is, and hands on what it held.
    package mutating func remove(
        _ owner: OwnerID,
        _ hint: QueuePlace?,
        _ context: QueueContext<Tag>,
        _ news: inout QueueNews<Tag>
    ) throws(LockError) -> QueueRemoval {
        guard !control.isIdle else { return .absent }
        guard let (position, mark) = try locate(owner, hint, context) else {
            // Whoever took it out may have been killed before handing on.
            try countHolders(context)
            try promote(context, &news)
            return .absent
        }
        try leave(position, mark, &news)
        try promote(context, &news)
        return mark.token == nil ? .waiter : .holder
    }

    /// Removes everybody for whom `isLeaving` answers `true`, and hands on what they held.
    ///
    /// - Returns: The removed.
    @discardableResult
    package mutating func removeAll(
        _ context: QueueContext<Tag>,
        _ news: inout QueueNews<Tag>,
        where isLeaving: (QueueMark<Tag>) -> Bool
    ) throws(LockError) -> [QueueMark<Tag>] {
        var leaving: [(UInt64, QueueMark<Tag>)] = []
        try settle()
        try walk(everybody) { position, mark in
            if isLeaving(mark) { leaving.append((position, mark)) }
            return true
        }
        try leave(leaving, &news)
        try countHolders(context)
        try promote(context, &news)
        return leaving.map(\.1)
    }

    /// Removes the holders that are meant, for a forced release, and hands on.
    ///
    /// - Returns: The removed.
    /// - Throws: ``LockError/busy(_:_:)`` if there are holders, but none of them is meant.
    package mutating func removeHolders(
        meantBy condition: HolderCondition,
        of name: LockName,
        _ context: QueueContext<Tag>,
        _ news: inout QueueNews<Tag>
    ) throws(LockError) -> [QueueEntry<Tag>] {
        var victims: [(UInt64, QueueMark<Tag>)] = []
        try settle()
        try walk(holderPositions) { position, mark in
            if condition.matches(owner: mark.owner, token: mark.token) { victims.append((position, mark)) }
            return true
        }
        var entries: [QueueEntry<Tag>] = []
        for (position, _) in victims { if let entry = try entry(at: position) { entries.append(entry) } }
        let others = try holders(atMost: .max)
        guard !victims.isEmpty || others.isEmpty else {
            throw .busy(name, Contention(holders: others.map(\.holder), ahead: nil))
        }
        try leave(victims, &news)
        news.revoked += victims.map(\.1)
        try promote(context, &news)
        return entries
    }

    /// Removes waiters whose time is over.
    ///
    /// - Parameters:
    ///   - claims: Who they are, and where they stood.
    ///   - context: Of the world.
    ///   - news: Whom it concerns besides.
    /// - Returns: What became of each, in the same order.
    /// - Throws: Why the slots cannot be read or written.
    package mutating func expire(
        _ claims: [(owner: OwnerID, hint: QueuePlace?)],
        _ context: QueueContext<Tag>,
        _ news: inout QueueNews<Tag>
    ) throws(LockError) -> [QueueExpiry] {
        try settle()
        var result = [QueueExpiry](repeating: .absent, count: claims.count)
        var leaving: [(position: UInt64, mark: QueueMark<Tag>, index: Int)] = []
        for (index, claim) in claims.enumerated() {
            guard let (position, mark) = try locate(claim.owner, claim.hint, context) else { continue }
            if let token = mark.token {
                result[index] = .granted(token)
            } else {
                result[index] = .removed(ahead: nil)
                leaving.append((position, mark, index))
            }
        }
        leaving.sort { $0.position < $1.position }
        // Counting costs each of them about the same, however many wait.
        let reach = control.granted + UInt64(leaving.count * queueAheadLimit)
        var ahead = 0
        var next = leaving[...]
        try walk(control.granted..<min(reach, control.tail)) { position, _ in
            if next.first?.position == position, let index = next.popFirst()?.index {
                result[index] = .removed(ahead: ahead)
            }
            ahead += 1
            return !next.isEmpty
        }
        try leave(leaving.map { ($0.position, $0.mark) }, &news)
        try promote(context, &news)
        return result
    }

    /// Gives the holder `owner` another tag.
    ///
    /// - Returns: `false` if it holds nothing.
    package mutating func retag(
        _ owner: OwnerID,
        _ hint: QueuePlace?,
        _ context: QueueContext<Tag>,
        _ news: inout QueueNews<Tag>,
        _ tag: (Tag) -> Tag
    ) throws(LockError) -> Bool {
        guard let (position, mark) = try locate(owner, hint, context), mark.token != nil,
            var entry = try entry(at: position)
        else { return false }
        entry.tag = tag(entry.tag)
        try put(entry, at: position)
        if let head = try settle() { news.add(moved: .init(mark: head, position: control.granted)) }
        return true
    }

    /// Grants to as many waiters, from the head of the queue, as can hold the name now.
    package mutating func promote(_ context: QueueContext<Tag>, _ news: inout QueueNews<Tag>) throws(LockError) {
        let before = control.granted
        var count = 0
        var hasDropped = false
        while let head = try settle(), control.fits(head.mode) {
            let position = control.granted
            guard let tag = context.admit(head) else {
                try erase(position, head)
                hasDropped = true
                continue
            }
            let token = nextToken(context)
            try grant(at: position, token, since: context.since(head), tag: tag)
            control.granted += 1
            control.waiters -= min(control.waiters, 1)
            control.add(holder: head.mode, token)
            let mark = QueueMark(owner: head.owner, mode: head.mode, tag: tag, token: token)
            news.granted.append(.init(mark: mark, position: position))
            count += 1
        }
        // The new head watched the one before it. It need not watch another if that one is now all who hold.
        if before != control.granted || hasDropped, let head = try settle(),
            hasDropped || count != 1 || control.holders != 1
        {
            news.add(moved: .init(mark: head, position: control.granted))
        }
        let granted = Set(news.granted.map(\.position))
        if !granted.isEmpty { news.moved.removeAll { granted.contains($0.position) } }
        try trim()
    }

    /// Marks one as gone, whoever it is.
    mutating func erase(_ position: UInt64, _ mark: QueueMark<Tag>) throws(LockError) {
        var (previous, next): (UInt64?, UInt64) = (nil, position + 1)
        if position > control.first {
            previous = position - 1
            if case .gone(let earlier, _) = try slot(at: position - 1) { previous = earlier }
        }
        if next < control.tail, case .gone(_, let later) = try slot(at: next) { next = min(later, control.tail) }
        try clear(at: position, previous: previous, next: next)
        control.remove(mark)
    }

    private mutating func leave(
        _ position: UInt64,
        _ mark: QueueMark<Tag>,
        _ news: inout QueueNews<Tag>
    ) throws(LockError) {
        try erase(position, mark)
        guard mark.token == nil, let (place, next) = try successor(of: position), next.token == nil else { return }
        news.add(moved: .init(mark: next, position: place))
    }

    /// Removes several, the last one first, so that each finds who is behind it at once.
    private mutating func leave(
        _ leaving: [(UInt64, QueueMark<Tag>)],
        _ news: inout QueueNews<Tag>
    ) throws(LockError) {
        for (position, mark) in leaving.reversed() { try leave(position, mark, &news) }
    }
}

/// How many waiters are counted for one that has run out of time.
private let queueAheadLimit = 128
