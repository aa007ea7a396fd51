import DistributedLocks

/// What of a ``SessionProof`` is of interest to those who rely on the session.
struct ProofSummary: Hashable, Sendable {
    /// Until when the session certainly lives; `nil` if there is none.
    let deadline: LeaseClock.Instant?
    /// When the last request was sent that has shown it.
    let lastConfirmed: LeaseClock.Instant?

    /// Sums up.
    init(_ proof: SessionProof?) {
        deadline = proof?.certainDeadline
        lastConfirmed = proof?.lastConfirmed
    }
}
