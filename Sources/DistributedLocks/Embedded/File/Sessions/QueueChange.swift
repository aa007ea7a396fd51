/// One change of the queue of one name, made inside a critical section of its file, and whom to tell of it afterwards.
///
/// Pure but for the questions that it asks of `isAlive` and `isWaiting`.
package struct QueueChange {
    package typealias Queue = LockQueue<SessionID>

    /// Whom to send a message once the file has been written.
    package struct Notice: Hashable, Sendable {
        package let session: SessionID
        package let message: WakeMessage
    }

    /// The session that makes the change.
    package let session: SessionID
    /// The queue as it will be written.
    package private(set) var queue: Queue
    private let before: Queue
    private let floor: FencingToken
    private var judge: Judge
    private var granted: [Queue.Entry] = []
    private var revoked: [Queue.Entry] = []

    /// Begins a change.
    ///
    /// - Parameters:
    ///   - queue: The queue as it is.
    ///   - session: Who makes the change.
    ///   - floor: New tokens are at least this.
    ///   - isAlive: Whether another session lives; asked at most once for each.
    ///   - isWaiting: Whether an owner of this very session still waits.
    package init(
        _ queue: Queue,
        by session: SessionID,
        floor: FencingToken,
        isAlive: @escaping (SessionID) -> Bool,
        isWaiting: @escaping (OwnerID) -> Bool
    ) {
        self.queue = queue
        before = queue
        self.session = session
        self.floor = floor
        judge = Judge(session: session, isAlive: isAlive, isWaiting: isWaiting)
    }

    /// Asks for the name; see ``LockQueue/request(_:mayWait:floor:)``.
    ///
    /// Dead holders are cleared away first, and if the request must not wait, dead waiters as well.
    package mutating func request(_ entry: Queue.Entry, mayWait: Bool) throws(LockError) -> Queue.Decision {
        if !queue.isIdle {
            dropFormer(of: entry.owner)
            prune(Set(queue.holders.map(\.tag)))
            if !mayWait { prune(Set(queue.waiters.map(\.tag))) }
            promote()
        }
        return try queue.request(entry, mayWait: mayWait, floor: floor)
    }

    /// Takes `owner` out, and hands on what it held.
    package mutating func remove(_ owner: OwnerID) -> Queue.Removal {
        let removal = queue.remove(owner)
        if removal != .absent { promote() }
        return removal
    }

    /// Takes all holders out, by force, and hands the name on.
    package mutating func removeHolders(
        meantBy condition: HolderCondition,
        of name: LockName
    ) throws(LockError) -> [Queue.Entry] {
        let victims = try queue.removeHolders(meantBy: condition, of: name)
        revoked += victims
        promote()
        return victims
    }

    /// Takes everything of the own session out, and hands on what it held.
    package mutating func removeSession() {
        let session = session
        _ = queue.prune { $0.tag == session }
        promote()
    }

    /// Clears away what is dead among those whom this session watches, and goes on with the queue.
    package mutating func pruneWatched() {
        while prune(WatchPlan.watched(by: session, in: queue)) {}
        promote()
    }

    /// Clears away everything that is dead, and goes on with the queue.
    package mutating func pruneAll() {
        prune(Set((queue.holders + queue.waiters).map(\.tag)))
        promote()
    }

    /// Whom to tell what: new holders, those who were cut off, and waiters who have to watch somebody else.
    package func notices() -> [Notice] {
        var notices: [Notice] = []
        for entry in revoked { notices.append(notice(.revoked, entry)) }
        for entry in granted { notices.append(notice(.granted, entry)) }
        guard !queue.waiters.isEmpty else { return notices }
        for entry in WatchPlan.changed(from: before, to: queue, except: session) {
            notices.append(notice(.recheck, entry))
        }
        return notices
    }

    private func notice(_ kind: WakeMessage.Kind, _ entry: Queue.Entry) -> Notice {
        let token = entry.token ?? FencingToken(rawValue: 0)
        return Notice(session: entry.tag, message: WakeMessage(kind, owner: entry.owner, token: token))
    }

    /// Removes what `owner` had in an earlier session of the same store.
    private mutating func dropFormer(of owner: OwnerID) {
        let session = session
        _ = queue.prune { $0.owner == owner && $0.tag != session }
    }

    @discardableResult
    private mutating func prune(_ suspects: Set<SessionID>) -> Bool {
        let dead = suspects.filter { !judge.lives($0) }
        guard !dead.isEmpty else { return false }
        return !queue.prune { dead.contains($0.tag) }.isEmpty
    }

    private mutating func promote() {
        guard !queue.waiters.isEmpty else { return }
        granted += queue.promote(floor: floor) { judge.admits($0) ? $0 : nil }
    }

    /// Answers who is alive, and asks about each session only once.
    private struct Judge {
        let session: SessionID
        let isAlive: (SessionID) -> Bool
        let isWaiting: (OwnerID) -> Bool
        private var known: [SessionID: Bool] = [:]

        init(
            session: SessionID,
            isAlive: @escaping (SessionID) -> Bool,
            isWaiting: @escaping (OwnerID) -> Bool
        ) {
            self.session = session
            self.isAlive = isAlive
            self.isWaiting = isWaiting
        }

        mutating func lives(_ id: SessionID) -> Bool {
            if id == session { return true }
            if let answer = known[id] { return answer }
            let answer = isAlive(id)
            known[id] = answer
            return answer
        }

        mutating func admits(_ entry: Queue.Entry) -> Bool {
            entry.tag == session ? isWaiting(entry.owner) : lives(entry.tag)
        }
    }
}
