import DistributedLocks

/// What a server has said to one request.
struct Answer: Sendable {
    /// What it has said.
    let result: Result<Reply, ServerError>
    /// The session in which the request was made.
    let sessionID: Int64
    /// Just before it was sent.
    let sent: LeaseClock.Instant
}
