// What people, and those who watch, want to know.

extension QueueStorage {
    /// The holders in the order of their tokens, as far as they are found among so many positions.
    package mutating func holders(atMost limit: UInt64) throws(LockError) -> [QueueEntry<Tag>] {
        let range = holderPositions
        var positions: [UInt64] = []
        try walk(range.lowerBound..<min(range.upperBound, range.lowerBound + min(limit, UInt64(range.count)))) {
            position,
            _ in
            positions.append(position)
            return true
        }
        return try entries(at: positions)
    }

    /// All who wait, in their order.
    package mutating func waiters() throws(LockError) -> [QueueEntry<Tag>] {
        var positions: [UInt64] = []
        try settle()
        try walk(control.granted..<control.tail) { position, _ in
            positions.append(position)
            return true
        }
        return try entries(at: positions)
    }

    private mutating func entries(at positions: [UInt64]) throws(LockError) -> [QueueEntry<Tag>] {
        var entries: [QueueEntry<Tag>] = []
        for position in positions { if let entry = try entry(at: position) { entries.append(entry) } }
        return entries
    }

    /// Who is in the way of a request with so many waiters ahead.
    package mutating func contention(ahead: Int?) throws(LockError) -> Contention {
        Contention(holders: try holders(atMost: 128).map(\.holder), ahead: ahead)
    }

    /// Whom the waiter at `position` has to watch: the one before it, as in ZooKeeper's lock recipe
    /// (https://zookeeper.apache.org/doc/current/recipes.html#sc_recipes_Locks); the first waiter watches all holders.
    package mutating func targets(of position: UInt64) throws(LockError) -> [QueueMark<Tag>] {
        if let (_, mark) = try predecessor(of: position), mark.token == nil { return [mark] }
        var holders: [QueueMark<Tag>] = []
        try settle()
        try walk(holderPositions) { _, mark in
            holders.append(mark)
            return true
        }
        return holders
    }
}
