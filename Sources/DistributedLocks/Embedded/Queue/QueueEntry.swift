/// A holder or a waiter of one name. `Tag` is what a store needs to know of each besides: its expiry, its process.
package struct QueueEntry<Tag: Sendable & Hashable>: Sendable, Hashable {
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

    /// The entry without what only people need.
    package var mark: QueueMark<Tag> { QueueMark(owner: owner, mode: mode, tag: tag, token: token) }
}

/// What the queue has to know of an entry to decide.
package struct QueueMark<Tag: Sendable & Hashable>: Sendable, Hashable {
    package let owner: OwnerID
    package let mode: LockMode
    package let tag: Tag
    package let token: FencingToken?

    package init(owner: OwnerID, mode: LockMode, tag: Tag, token: FencingToken?) {
        self.owner = owner
        self.mode = mode
        self.tag = tag
        self.token = token
    }
}

/// What stands at one position of a queue.
package enum QueueSlot<Tag: Sendable & Hashable>: Sendable, Hashable {
    case live(QueueMark<Tag>)
    /// Nobody any more. All positions after `previous` and before `next` were without anybody, too, when this was written,
    /// and so still are: a position is used again only once everything from it to the tail is gone.
    case gone(previous: UInt64?, next: UInt64)
}

/// Where an entry stands. It counts only as long as the queue's epoch is the same; else the entry has to be searched.
package struct QueuePlace: Hashable, Sendable {
    package let epoch: UInt64
    package let position: UInt64

    package init(epoch: UInt64, position: UInt64) {
        self.epoch = epoch
        self.position = position
    }
}
