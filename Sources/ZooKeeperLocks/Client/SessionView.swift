import DistributedLocks

/// What everybody may ask about a client's session at any moment.
struct SessionView: Hashable, Sendable {
    /// The session; `nil` if there is none that counts.
    var id: Int64?
    /// What follows from the session timeout that the servers have granted.
    var times: SessionTimes
    /// Whether there is a connection.
    var isAttached = false
    /// Until when the session certainly lives.
    var deadline: LeaseClock.Instant?
    /// When the last request was sent that has proved it.
    var lastConfirmed: LeaseClock.Instant?

    /// Until when a lock can be handed out whose nodes go with a session.
    ///
    /// - Returns: `nil` unless that session is the present one, and certainly lives for a while.
    func deadline(ofLockIn session: Int64, at now: LeaseClock.Instant) -> LeaseClock.Instant? {
        guard id == session, let deadline, now.duration(to: deadline) >= times.proofInterval else { return nil }
        return deadline
    }

    /// Whether a proof is due: what is known lasts for less than it should.
    func isShort(_ deadline: LeaseClock.Instant, at now: LeaseClock.Instant) -> Bool {
        now.duration(to: deadline) < times.patience
    }

    /// What to say of a lock that is held, and whose nodes go with a session.
    ///
    /// - Parameters:
    ///   - session: That session.
    ///   - store: The name of the store, for people.
    ///   - now: The present.
    /// - Returns: Until when it is held at least; or that nobody knows, or that it is over.
    func renewal(ofLockIn session: Int64, store: String, at now: LeaseClock.Instant) -> Renewal {
        guard session == id else { return .refused(.sessionEnded) }
        guard let deadline, let lastConfirmed, now < lastConfirmed.advanced(by: times.freshness) else {
            return .unknown(.unreachable(store: store, reason: "the session has not been confirmed for a while"))
        }
        return .confirmed(.until(deadline))
    }
}
