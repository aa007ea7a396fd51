/// A queue in memory.
package struct MemoryQueue<Tag: Hashable & Sendable>: QueueStorage, Sendable {
    private enum Slot {
        case live(QueueEntry<Tag>)
        case gone(previous: UInt64?, next: UInt64)
    }

    package var control = QueueControl()
    private var ring = [Slot](repeating: .gone(previous: nil, next: 0), count: 4)

    package init() {}

    package var capacity: UInt64 { UInt64(ring.count) }
    package var nextCapacity: UInt64 { capacity * 2 }

    package func slot(at position: UInt64) -> QueueSlot<Tag> {
        switch ring[index(position)] {
        case .live(let entry): .live(entry.mark)
        case .gone(let previous, let next): .gone(previous: previous, next: next)
        }
    }

    package func entry(at position: UInt64) -> QueueEntry<Tag>? {
        if case .live(let entry) = ring[index(position)] { entry } else { nil }
    }

    package mutating func put(_ entry: QueueEntry<Tag>, at position: UInt64) {
        ring[index(position)] = .live(entry)
    }

    package mutating func clear(at position: UInt64, previous: UInt64?, next: UInt64) {
        ring[index(position)] = .gone(previous: previous, next: next)
    }

    package mutating func grant(at position: UInt64, _ token: FencingToken, since: UnixTime?, tag: Tag) {
        guard var entry = entry(at: position) else { return }
        entry.token = token
        entry.holder.heldSince = since
        entry.tag = tag
        put(entry, at: position)
    }

    package mutating func rebuild(capacity: UInt64, moves: [(from: UInt64, to: UInt64)]) {
        var fresh = [Slot](repeating: .gone(previous: nil, next: 0), count: Int(capacity))
        for (from, to) in moves { fresh[Int(to % capacity)] = ring[index(from)] }
        ring = fresh
    }

    package func commit() {}

    private func index(_ position: UInt64) -> Int { Int(position % UInt64(ring.count)) }
}
