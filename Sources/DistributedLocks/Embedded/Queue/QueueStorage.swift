/// The state of one name in an embedded store: who holds it and who waits, first come first served, in a ring of slots in
/// the order of arrival.
///
/// Every step costs the same however many wait: an arrival is written behind the tail, who leaves is marked as gone where it
/// stands, who is granted becomes a holder where it stands. Only what people ask for (status, forced release), the
/// death of a session and a ring that is full look at everything.
///
/// A step is a sequence of single writes, each of one slot or of the control block, in their order, and after each of them
/// the queue is whole: who holds the name and who waits stands in the slots alone; see ``QueueControl`` for what may
/// lag behind. So a process may be killed between any two.
///
/// Fairness is strict: nobody is granted while somebody, compatible or not, waits before them, so that a stream of readers
/// cannot starve a writer.
package protocol QueueStorage<Tag> {
    associatedtype Tag: Hashable & Sendable

    /// The bounds; written by ``commit()``.
    var control: QueueControl { get set }
    /// How many slots the ring has.
    var capacity: UInt64 { get }
    /// How many slots a ring has at least that is larger than this one.
    var nextCapacity: UInt64 { get }

    /// What stands at a position between the first and the tail.
    mutating func slot(at position: UInt64) throws(LockError) -> QueueSlot<Tag>
    /// The whole entry at a position; `nil` if it is gone.
    mutating func entry(at position: UInt64) throws(LockError) -> QueueEntry<Tag>?
    /// Writes an entry.
    mutating func put(_ entry: QueueEntry<Tag>, at position: UInt64) throws(LockError)
    /// Marks a position as gone.
    mutating func clear(at position: UInt64, previous: UInt64?, next: UInt64) throws(LockError)
    /// Makes the waiter at a position a holder.
    mutating func grant(
        at position: UInt64,
        _ token: FencingToken,
        since: UnixTime?,
        tag: Tag
    ) throws(LockError)
    /// Moves the slots of `moves` to a ring of its own, of another size or not, which counts from the next ``commit()`` on.
    ///
    /// - Throws: If the ring would be too large.
    mutating func rebuild(capacity: UInt64, moves: [(from: UInt64, to: UInt64)]) throws(LockError)
    /// Writes the bounds, after all else.
    mutating func commit() throws(LockError)
}

/// What a step of a queue has to know of the world.
package struct QueueContext<Tag: Hashable & Sendable> {
    /// New tokens are at least this, and always larger than the last one.
    package var floor: FencingToken
    /// Since when an entry that is granted now holds the name.
    package var since: (QueueMark<Tag>) -> UnixTime?
    /// Whether an entry belongs to nobody any more.
    package var isGone: (QueueMark<Tag>) -> Bool
    /// The tag that a waiter has as a holder; `nil` if it must not be granted, which drops it.
    package var admit: (QueueMark<Tag>) -> Tag?
    /// Told the place of each entry that is met while another one is searched.
    package var found: (OwnerID, QueuePlace) -> Void

    package init(
        floor: FencingToken,
        since: @escaping (QueueMark<Tag>) -> UnixTime? = { _ in nil },
        isGone: @escaping (QueueMark<Tag>) -> Bool = { _ in false },
        admit: @escaping (QueueMark<Tag>) -> Tag? = { $0.tag },
        found: @escaping (OwnerID, QueuePlace) -> Void = { _, _ in }
    ) {
        self.floor = floor
        self.since = since
        self.isGone = isGone
        self.admit = admit
        self.found = found
    }
}

/// Whom a step concerns besides the one who made it.
package struct QueueNews<Tag: Hashable & Sendable>: Sendable {
    /// One of them, and where it stands.
    package struct Item: Hashable, Sendable {
        package let mark: QueueMark<Tag>
        package let position: UInt64
    }

    /// New holders, in the order of their tokens.
    package var granted: [Item] = []
    /// Holders who were cut off.
    package var revoked: [QueueMark<Tag>] = []
    /// Waiters who stand behind somebody else than before.
    package var moved: [Item] = []

    package init() {}

    /// Adds a waiter who stands behind somebody else, once.
    mutating func add(moved item: Item) {
        // Those who leave together are removed one after the other, and the same one may be behind all of them.
        if moved.last != item { moved.append(item) }
    }
}
