import Synchronization

/// Sees to it that loops of uncontended locks, which never have to suspend, let other tasks have their turn.
///
/// As long as a service is asked for locks without a break, one of those who ask yields every ``length``. Which one depends on the
/// clock and on the order of the requests alone, so that a simulation is the same each time; in between a call costs no
/// more than reading one number.
struct TaskTurns: Sendable {
    private final class Turn: Sendable {
        /// When the present turn ends, in ticks.
        let end = Atomic(Int64.min)
    }

    /// How long locks may be taken without a break.
    static let length = Duration.milliseconds(1)
    /// After a pause that is longer than this nobody goes on without a break, and a new turn begins.
    private static let memory = Duration.milliseconds(10)

    private let turn = Turn()

    /// Whether the present turn is over, so that whoever asks ought to yield; a new turn begins then.
    func isOver(at now: LeaseClock.Instant) -> Bool {
        let now = now.offset.ticks
        let end = turn.end.load(ordering: .relaxed)
        guard now >= end else { return false }
        // Of those who ask at the same moment one is told.
        let next = now + Self.length.ticks
        guard turn.end.compareExchange(expected: end, desired: next, ordering: .relaxed).exchanged else { return false }
        return now <= end &+ Self.memory.ticks
    }
}

extension Duration {
    /// In units of 2^40 attoseconds (1.1 µs), which cost a shift instead of a division.
    fileprivate var ticks: Int64 { Int64(truncatingIfNeeded: attoseconds >> 40) }
}
