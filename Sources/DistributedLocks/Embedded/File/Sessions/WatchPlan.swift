/// Who watches whose end.
///
/// The head of a queue watches the sessions of all holders; every other waiter watches the session of the one before
/// it, as in ZooKeeper's lock recipe (https://zookeeper.apache.org/doc/current/recipes.html#sc_recipes_Locks). So the
/// end of a session is noticed by those whom it concerns, and by few of them.
package enum WatchPlan {
    package typealias Queue = LockQueue<SessionID>

    /// The sessions that `session` has to watch.
    package static func watched(by session: SessionID, in queue: Queue) -> Set<SessionID> {
        var result: Set<SessionID> = []
        for (place, waiter) in queue.waiters.enumerated() where waiter.tag == session {
            result.formUnion(targets(of: place, in: queue))
        }
        result.remove(session)
        return result
    }

    /// One waiter of each session, but `session`, that has to watch somebody whom it did not have to watch before.
    ///
    /// - Parameters:
    ///   - before: The queue before a change that removed entries and promoted waiters, and added to the end at most.
    ///   - after: The queue after it.
    ///   - session: Who made the change, and knows.
    /// - Returns: The waiters, in the order of the queue.
    package static func changed(from before: Queue, to after: Queue, except session: SessionID) -> [Queue.Entry] {
        var result: [Queue.Entry] = []
        var told: Set<SessionID> = [session]
        var old = before.waiters.startIndex
        for (place, waiter) in after.waiters.enumerated() {
            while old < before.waiters.endIndex, before.waiters[old].owner != waiter.owner { old += 1 }
            guard old < before.waiters.endIndex else { break }
            guard !told.contains(waiter.tag) else { continue }
            let isNews = targets(of: place, in: after).contains { target in
                target != waiter.tag && !targets(of: old, in: before).contains(target)
            }
            if isNews {
                told.insert(waiter.tag)
                result.append(waiter)
            }
        }
        return result
    }

    private static func targets(of place: Int, in queue: Queue) -> [SessionID] {
        place == 0 ? queue.holders.map(\.tag) : [queue.waiters[place - 1].tag]
    }
}
