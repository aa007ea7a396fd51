import DequeModule
import DistributedLocks

/// How long the session certainly lives on the servers' side.
///
/// Only the leader of an ensemble ends sessions, when it has not heard of them for their timeout. What a client sends is noted
/// by the server that it is connected to, which tells the leader every half tick. So neither the answer to a ping nor that
/// to a transaction says that the leader has heard of *that* request: a follower that is cut off from its leader goes on
/// answering pings, and a transaction is checked against the session without extending it. What counts is:
///
/// - An answered handshake: the leader itself has extended the session, after the handshake was sent.
/// - An answered transaction, sent at some instant: the leader has agreed that the session lived, and what the follower had
///   told it before is behind it in the same stream. A request that was sent, and answered, half a tick earlier was told by
///   then. A tick is at most half of the shortest session timeout that servers grant (by default), so half a tick is at
///   most a quarter of the timeout.
///
/// The session lives until its timeout has passed since the later of these, and an allowance for clocks that do not run alike
/// is taken off.
struct SessionProof: Sendable {
    private let timeout: Duration
    /// When answered requests were sent, in order; the first one is the latest that is old enough to count.
    private var touches: Deque<LeaseClock.Instant>
    /// Until when the session certainly lives.
    private(set) var deadline: LeaseClock.Instant
    /// When the last request was sent that has proved anything.
    private(set) var lastConfirmed: LeaseClock.Instant

    /// Begins with an answered handshake.
    ///
    /// - Parameters:
    ///   - timeout: The session timeout that the server has granted.
    ///   - sent: Just before the handshake was sent.
    init(timeout: Duration, handshakeSent sent: LeaseClock.Instant) {
        self.timeout = timeout
        touches = [sent]
        deadline = LeaseTerm(ttl: timeout).deadline(confirmedBySending: sent)
        lastConfirmed = sent
    }

    /// A request of any kind, or a ping, was answered.
    ///
    /// - Parameter sent: Just before it was sent.
    mutating func answered(sent: LeaseClock.Instant) {
        // One in a while is enough, and there may be thousands a second.
        guard let last = touches.last, sent >= last.advanced(by: timeout / 64) else { return }
        touches.append(sent)
    }

    /// A transaction was answered by the leader, whatever it said of it.
    ///
    /// - Parameter sent: Just before it was sent.
    mutating func confirmed(sent: LeaseClock.Instant) {
        let latest = sent.advanced(by: .zero - timeout / 4)
        while touches.count > 1, touches[1] <= latest { touches.removeFirst() }
        lastConfirmed = max(lastConfirmed, sent)
        guard let first = touches.first, first <= latest else { return }
        deadline = max(deadline, LeaseTerm(ttl: timeout).deadline(confirmedBySending: first))
    }
}
