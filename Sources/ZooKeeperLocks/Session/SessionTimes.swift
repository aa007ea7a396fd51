/// What follows from a session timeout; derived once, since it is asked with every request.
struct SessionTimes: Hashable, Sendable {
    /// The session timeout.
    let timeout: Duration
    /// After how long without anything else to send a ping goes out.
    let pingInterval: Duration
    /// For how long a server may owe an answer.
    let patience: Duration
    /// After how long without a sign of life the session is given up.
    let givingUp: Duration
    /// From one proof that it lives to the next: such that a lease is never left with less than a third of the session timeout
    /// while everything works. What is proved for a shorter time is no lease.
    let proofInterval: Duration
    /// How long ago the last proof may have been for leases to be confirmed by it.
    let freshness: Duration

    /// Derives them.
    init(timeout: Duration) {
        self.timeout = timeout
        pingInterval = timeout / 10
        patience = timeout / 3
        givingUp = timeout * 4 / 3
        proofInterval = timeout / 8
        freshness = timeout / 4
    }
}
