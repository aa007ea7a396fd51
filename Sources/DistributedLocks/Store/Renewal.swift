/// One lease that is due for renewal.
public struct RenewalRequest: Sendable {
    /// What is held.
    public let claim: LockClaim
    /// The lease asked for, counted from now.
    public let ttl: Duration

    /// Makes a request.
    public init(claim: LockClaim, ttl: Duration) {
        self.claim = claim
        self.ttl = ttl
    }
}

/// How a store answers a ``RenewalRequest``.
public enum Renewal: Sendable {
    /// Still held; see ``Grant/Validity/until(_:)`` for how the deadline is computed.
    case confirmed(Grant.Validity)
    /// The store knows that the claim is no longer held. It must not be taken again.
    case refused(LossReason)
    /// It is not known whether the renewal took effect; the lease counts until its last confirmed deadline.
    case unknown(LockError)
}
