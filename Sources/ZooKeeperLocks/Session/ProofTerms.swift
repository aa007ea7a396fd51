import DistributedLocks

/// What a ``SessionProof`` derives from a session timeout; once, since it is asked with every request.
struct ProofTerms: Sendable {
    /// How long the session lives from a base on, once that is proved: the timeout, less an allowance for drift.
    let certain: Duration
    /// The same where a stall cannot be ruled out: a good part of the timeout is taken off.
    let likely: Duration
    /// From one request that is kept in mind to the next.
    let spacing: Duration
    /// How far back a request has to be that can be a base; negative.
    let age: Duration
    /// How far back requests are kept in mind; negative.
    let memory: Duration
    /// How long an answer may take that shows that nobody stalls.
    let quick: Duration

    private static let uncertainty = 0.35

    /// Derives them from the session timeout that the servers have granted.
    init(timeout: Duration) {
        certain = timeout - LeaseTerm(ttl: timeout).driftAllowance
        likely = certain - timeout * Self.uncertainty
        spacing = timeout / 64
        age = .zero - timeout / 3
        memory = .zero - timeout * 2 / 3
        quick = timeout / 8
    }
}
