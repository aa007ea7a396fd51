/// What the core asks of a store when somebody wants a lock.
public struct LockRequest: Sendable {
    /// How long a request may wait for its turn.
    public enum Patience: Hashable, Sendable {
        /// Not at all: answer at once.
        case none
        /// Until this instant on the store's clock.
        case until(LeaseClock.Instant)
        /// As long as it takes.
        case unlimited
    }

    /// What is claimed.
    public let claim: LockClaim
    /// Who asks; shown to everyone who waits or looks.
    public let holder: Holder
    /// The lease asked for. Stores whose leases do not expire ignore it.
    public let ttl: Duration
    /// How long to wait.
    public let patience: Patience
    /// Called by the store, once at the most, as soon as the request is certainly queued, with who is in the way then.
    /// Stores that keep no queue do not call it.
    public let onQueued: (@Sendable (Contention) -> Void)?

    /// Makes a request.
    public init(
        claim: LockClaim,
        holder: Holder,
        ttl: Duration,
        patience: Patience,
        onQueued: (@Sendable (Contention) -> Void)? = nil
    ) {
        self.claim = claim
        self.holder = holder
        self.ttl = ttl
        self.patience = patience
        self.onQueued = onQueued
    }
}
