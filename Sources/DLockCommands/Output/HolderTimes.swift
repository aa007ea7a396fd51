import DistributedLocks

/// How long somebody has held a lock, and how long it has waited (or waited before it held it).
struct HolderTimes: Hashable {
    /// How long the holder has held the lock; `nil` for a waiter, or if that is not known or lies in the future.
    let held: Duration?
    /// How long the waiter has waited, or the holder before it got the lock; `nil` if that is not known.
    let waited: Duration?

    /// The times at `now`. Each participant's times are by some machine's clock, so that they may make no sense together.
    init(_ holder: Holder, now: UnixTime) {
        held = holder.heldSince.flatMap { now.age(of: $0) }
        waited = holder.waitingSince.flatMap { (holder.heldSince ?? now).age(of: $0) }
    }
}
