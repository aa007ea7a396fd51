/// A claim that a store has granted.
public struct Grant: Sendable {
    /// How long a grant counts without being renewed.
    public enum Validity: Hashable, Sendable {
        /// Until it is released, or its process or session ends.
        case unlimited
        /// Until `deadline`, unless renewed.
        ///
        /// The store computes the deadline with ``LeaseTerm/deadline(confirmedBySending:)``, from the instant just
        /// *before* it sent the request that the server confirmed; never from the arrival of the reply.
        case until(LeaseClock.Instant)
    }

    /// What is held.
    public let claim: LockClaim
    /// The fencing token: larger than that of every earlier grant of the same name.
    public let token: FencingToken
    /// How long the grant counts.
    public let validity: Validity
    /// Through which the store reports that the claim is lost, if it can notice that by itself.
    public let lossSignal: LossSignal?

    /// Makes a grant.
    public init(claim: LockClaim, token: FencingToken, validity: Validity, lossSignal: LossSignal? = nil) {
        self.claim = claim
        self.token = token
        self.validity = validity
        self.lossSignal = lossSignal
    }
}
