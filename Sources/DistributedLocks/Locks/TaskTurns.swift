import Synchronization

/// Sees to it that a loop of uncontended locks, which never has to suspend, lets other tasks have their turn.
///
/// A task that has locked again and again for ``length`` yields before its next lock. Tasks are told apart by a hash of their
/// identity, in a fixed number of slots: two tasks that share one take turns at yielding. That is looked at now and then only: in
/// between a call costs no more than reading one number.
struct TaskTurns: Sendable {
    private final class Slot: Sendable {
        /// When the present turn ends, in ticks.
        let end = Atomic(Int64.min)
    }

    /// How long a task may go on without a break.
    static let length = Duration.milliseconds(1)
    /// A task that has not been seen for longer than this has most probably been suspended meanwhile, and begins a new turn.
    private static let memory = Duration.milliseconds(10)

    /// How often it is looked at whose turn it is.
    private static let interval = Duration.microseconds(50)

    private let nextLook = Slot()
    private let slots = (0..<16).map { _ in Slot() }

    /// Whether the present task has had its turn and ought to yield; a new turn begins then.
    func isOver(at now: LeaseClock.Instant) -> Bool {
        let now = now.offset.ticks
        guard now >= nextLook.end.load(ordering: .relaxed) else { return false }
        nextLook.end.store(now + Self.interval.ticks, ordering: .relaxed)
        let slot = slots[withUnsafeCurrentTask { $0?.hashValue ?? 0 } & (slots.count - 1)]
        let end = slot.end.load(ordering: .relaxed)
        guard now >= end else { return false }
        slot.end.store(now + Self.length.ticks, ordering: .relaxed)
        return now <= end &+ Self.memory.ticks
    }
}

extension Duration {
    /// In units of 2^40 attoseconds (1.1 µs), which cost a shift instead of a division.
    fileprivate var ticks: Int64 { Int64(truncatingIfNeeded: attoseconds >> 40) }
}
