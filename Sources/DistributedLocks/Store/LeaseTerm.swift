/// The arithmetic of leases that expire; the same for every store.
public struct LeaseTerm: Hashable, Sendable {
    /// How long the server keeps the lock without hearing from us.
    public let ttl: Duration

    /// Makes the term of a lease of `ttl`.
    public init(ttl: Duration) {
        self.ttl = ttl
    }

    /// What is subtracted for clocks that do not run at the same rate: 1 % of the lease and 2 ms, as in Redlock
    /// (https://redis.io/docs/latest/develop/clients/patterns/distributed-locks/).
    public var driftAllowance: Duration { ttl / 100 + .milliseconds(2) }

    /// The instant at which the lease must count as lost if the server confirmed a request that left at `sent`.
    public func deadline(confirmedBySending sent: LeaseClock.Instant) -> LeaseClock.Instant {
        sent.advanced(by: ttl - driftAllowance)
    }
}
