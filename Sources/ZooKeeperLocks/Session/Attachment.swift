import DequeModule
import DistributedLocks

/// What a ``SessionMachine`` knows of the connection that its session has.
struct Attachment<Request: Sendable, Watcher: Hashable & Sendable>: Sendable {
    /// A request that has been sent and not been answered. Servers answer in the order in which they were asked.
    struct Pending: Sendable {
        let xid: Int32
        let submission: SessionMachine<Request, Watcher>.Submission
        let chroot: Chroot
        let sent: LeaseClock.Instant
    }

    var pending: Deque<Pending> = []
    /// When a ping was sent that has not been answered.
    var pingSent: LeaseClock.Instant?
    /// When credentials were sent that have not been answered.
    var credentialsSent: LeaseClock.Instant?
    /// When anything was sent last.
    var lastSent: LeaseClock.Instant

    /// Begins with nothing under way.
    init(at now: LeaseClock.Instant) {
        lastSent = now
    }

    /// Since when the server owes an answer; `nil` if it owes none.
    var owedSince: LeaseClock.Instant? {
        var earliest = pending.first?.sent
        for sent in [pingSent, credentialsSent] {
            if let sent { earliest = min(earliest ?? sent, sent) }
        }
        return earliest
    }
}
