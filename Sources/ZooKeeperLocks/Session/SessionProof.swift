import DequeModule
import DistributedLocks

/// How long the session certainly lives on the servers' side.
///
/// Only the leader of an ensemble ends sessions, when it has not heard of them for their timeout. What a client sends is noted
/// by the server that it is connected to, which tells the leader whenever that one asks: every half tick. So neither the
/// answer to a ping nor that to a transaction says that the leader has heard of *that* request: a follower that is cut off
/// from its leader goes on answering pings, and a transaction is checked against the session without extending it. What counts
/// is:
///
/// - An answered handshake: the leader itself has extended the session, after the first handshake was sent that had not been
///   answered before. (Two in a row can be mistaken for each other.)
/// - An answered transaction: a majority has agreed after it was sent, the leader among it, that the session lived; and what the
///   follower had told the leader before comes before it in the same stream. An earlier request whose answer had *arrived* more
///   than half a tick before the transaction was sent had been told by then. A tick is at most half of the shortest session
///   timeout that servers grant (unless they are told otherwise), so half a tick is at most a quarter of the timeout; a third
///   is taken, for leaders that are late. An answer that took long shows that somebody stalls, and does not count.
///
/// The session lives until its timeout has passed since the earlier request was sent, and an allowance for clocks that do not run
/// alike is taken off.
struct SessionProof: Sendable {
    private struct Touch {
        let sent: LeaseClock.Instant
        let arrived: LeaseClock.Instant
    }

    private let timeout: Duration
    /// Requests and their answers, in order; the first one is the latest that is old enough to count.
    private var touches: Deque<Touch>
    /// Until when the session certainly lives.
    private(set) var deadline: LeaseClock.Instant
    /// When the last request was sent that has proved anything.
    private(set) var lastConfirmed: LeaseClock.Instant

    /// Begins with an answered handshake.
    ///
    /// - Parameters:
    ///   - timeout: The session timeout that the servers have granted; the shortest if they have granted several.
    ///   - sent: Just before the first handshake was sent that could have been answered now.
    ///   - arrived: When the answer came.
    init(timeout: Duration, handshakeSent sent: LeaseClock.Instant, answered arrived: LeaseClock.Instant) {
        self.timeout = timeout
        touches = [Touch(sent: sent, arrived: arrived)]
        deadline = LeaseTerm(ttl: timeout).deadline(confirmedBySending: sent)
        lastConfirmed = sent
    }

    /// A request of any kind, or a ping, was answered.
    ///
    /// - Parameters:
    ///   - sent: Just before it was sent.
    ///   - now: The present.
    mutating func answered(sent: LeaseClock.Instant, at now: LeaseClock.Instant) {
        // One in a while is enough, and there may be thousands a second.
        guard let last = touches.last, sent >= last.sent.advanced(by: timeout / 64) else { return }
        touches.append(Touch(sent: sent, arrived: now))
    }

    /// A transaction was answered by the leader, whatever it said of it.
    ///
    /// - Parameters:
    ///   - sent: Just before it was sent.
    ///   - now: The present.
    mutating func confirmed(sent: LeaseClock.Instant, at now: LeaseClock.Instant) {
        guard sent.duration(to: now) <= timeout / 8 else { return }
        let latest = sent.advanced(by: .zero - timeout / 3)
        while touches.count > 1, touches[1].arrived <= latest { touches.removeFirst() }
        lastConfirmed = max(lastConfirmed, sent)
        guard let first = touches.first, first.arrived <= latest else { return }
        deadline = max(deadline, LeaseTerm(ttl: timeout).deadline(confirmedBySending: first.sent))
    }
}
