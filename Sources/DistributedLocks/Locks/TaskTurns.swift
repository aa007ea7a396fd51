import Synchronization

/// Sees to it that a loop of uncontended locks, which never has to suspend, lets other tasks have their turn.
///
/// A task that has locked again and again for ``length`` yields before its next lock. Tasks are told apart by a hash of their
/// identity, in a fixed number of slots: two tasks that share one take turns at yielding.
struct TaskTurns: Sendable {
    private final class Slot: Sendable {
        /// When the present turn ends, in nanoseconds on the clock.
        let end = Atomic(Int64.min)
    }

    /// How long a task may go on without a break.
    static let length = Duration.milliseconds(1)
    /// A task that has not been seen for longer than this has most probably been suspended meanwhile, and begins a new turn.
    private static let memory = Duration.milliseconds(10)

    private let slots = (0..<16).map { _ in Slot() }

    /// Whether the present task has had its turn and ought to yield; a new turn begins then.
    func isOver(at now: LeaseClock.Instant) -> Bool {
        let slot = slots[withUnsafeCurrentTask { $0?.hashValue ?? 0 } & (slots.count - 1)]
        let now = now.offset.nanoseconds
        let end = slot.end.load(ordering: .relaxed)
        guard now >= end else { return false }
        slot.end.store(now + Self.length.nanoseconds, ordering: .relaxed)
        return now <= end &+ Self.memory.nanoseconds
    }
}

extension Duration {
    fileprivate var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds &* 1_000_000_000 &+ attoseconds / 1_000_000_000
    }
}
