import DistributedLocks

/// How long somebody has held a lock, and how long it has waited (or waited before it held it).
struct HolderTimes: Hashable {
    /// How long the holder has held the lock; `nil` for a waiter, or if that is not known or lies in the future.
    let held: Duration?
    /// How long the waiter has waited, or the holder before it got the lock; `nil` if that is not known.
    let waited: Duration?

    /// The times at `now`. Each participant's times are by some machine's clock, so that they may make no sense together.
    init(_ holder: Holder, now: UnixTime) {
        held = holder.heldSince.flatMap { Self.duration(from: $0, to: now) }
        waited = holder.waitingSince.flatMap { Self.duration(from: $0, to: holder.heldSince ?? now) }
    }

    private static func duration(from start: UnixTime, to end: UnixTime) -> Duration? {
        guard start <= end else { return nil }
        // Other programs may have written any time: the difference of two may be more than 64 bits of microseconds.
        return .microseconds(end.microseconds) - .microseconds(start.microseconds)
    }
}
