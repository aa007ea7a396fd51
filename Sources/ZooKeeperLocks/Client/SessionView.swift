import DistributedLocks

/// What everybody may ask about a client's session at any moment.
struct SessionView: Hashable, Sendable {
    /// The session; `nil` if there is none that counts.
    var id: Int64?
    /// The session timeout that the servers have granted.
    var timeout: Duration
    /// Whether there is a connection.
    var isAttached = false
    /// Until when the session certainly lives.
    var deadline: LeaseClock.Instant?
    /// When the last request was sent that has proved it.
    var lastConfirmed: LeaseClock.Instant?
}
