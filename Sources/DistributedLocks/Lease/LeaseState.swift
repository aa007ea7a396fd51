/// Whether a lease may still be relied on.
public enum LeaseState: Hashable, Sendable {
    /// Held, as far as the store has confirmed.
    case held
    /// Renewal is failing. The lease is still valid, but only until this instant unless a renewal gets through.
    case unconfirmed(until: LeaseClock.Instant)
    /// Over, for this reason. It never comes back.
    case lost(LossReason)
}
