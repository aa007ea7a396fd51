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
/// - *An answered handshake, and a transaction* that was sent after that on the same connection. The leader itself has extended the
///   session, after the first handshake was sent that had not been answered before. (Two in a row can be mistaken for each
///   other.) But it may have been replaced, and not know it yet; the new leader counts from its own beginning. A transaction
///   needs a majority: since that one was answered, the handshake came before there was another leader.
/// - *Three requests on one connection*: any request, the base; a transaction that was sent more than half a tick after the base
///   had been answered; and another that was sent after that one had been answered. Between the base and the first transaction
///   the leader has asked the follower, on the same stream on which it told it of that transaction; so the follower's
///   news of the base was under way before the transaction was answered, ahead of the second one; and since the leader let that
///   one pass, the session lived when the news came. It lives until its timeout has passed since the base was sent, however
///   slow servers and links were.
/// - *A base and one transaction*: the same, if nobody has stalled meanwhile. That cannot be known for certain, so that a good part
///   of the timeout is taken off. It lets a client that has been idle begin at once; the second transaction follows.
///
/// A tick is at most half of the shortest session timeout that servers grant (unless they are told otherwise), so half a tick is at
/// most a quarter of the timeout; a third is taken, for leaders that are late. An allowance for clocks that do not run alike is
/// taken off as well.
struct SessionProof: Sendable {
    /// A request and its answer.
    private struct Touch {
        let sent: LeaseClock.Instant
        let arrived: LeaseClock.Instant
    }

    /// A transaction that was answered, and the request that was old enough when it was sent.
    private struct Middle {
        let base: LeaseClock.Instant
        let arrived: LeaseClock.Instant
    }

    private let terms: ProofTerms
    /// In order; the first one is the latest that is old enough to be a base.
    private var touches: Deque<Touch>
    /// In order; the first one is the latest that was answered before the last transaction was sent.
    private var middles: Deque<Middle> = []
    /// When the handshake was answered.
    private let attached: LeaseClock.Instant
    /// Until when the session certainly lives, whatever the handshake is worth; `nil` once a transaction has shown that.
    private var fallback: LeaseClock.Instant?
    /// Until when the session lives if the leader that has accepted the handshake was the leader.
    private(set) var deadline: LeaseClock.Instant
    /// Until when the session certainly lives.
    var certainDeadline: LeaseClock.Instant { fallback ?? deadline }
    /// When the last request was sent that has proved anything.
    private(set) var lastConfirmed: LeaseClock.Instant

    /// Begins with an answered handshake.
    ///
    /// - Parameters:
    ///   - timeout: The session timeout that the servers have granted; the shortest if they have granted several.
    ///   - sent: Just before the first handshake was sent that could have been answered now.
    ///   - arrived: When the answer came.
    ///   - earlier: What was known of the same session on its last connection; `nil` for a new one.
    init(
        timeout: Duration,
        handshakeSent sent: LeaseClock.Instant,
        answered arrived: LeaseClock.Instant,
        after earlier: SessionProof? = nil
    ) {
        terms = ProofTerms(timeout: timeout)
        attached = arrived
        touches = [Touch(sent: sent, arrived: arrived)]
        deadline = sent.advanced(by: terms.certain)
        // A server may have made the timeout shorter.
        fallback = min(earlier?.certainDeadline ?? sent, deadline)
        lastConfirmed = earlier?.lastConfirmed ?? sent
    }

    /// A request of any kind, or a ping, was answered.
    ///
    /// - Parameters:
    ///   - sent: Just before it was sent.
    ///   - now: The present.
    mutating func answered(sent: LeaseClock.Instant, at now: LeaseClock.Instant) {
        // One in a while is enough, and there may be thousands a second.
        guard let last = touches.last, sent >= last.sent.advanced(by: terms.spacing) else { return }
        touches.append(Touch(sent: sent, arrived: now))
        // Clients that only ping, for months, never ask for a base. Whatever asks from now on was sent within a third.
        dropTouches(before: now.advanced(by: terms.memory))
    }

    /// A transaction was answered by the leader, whatever it said of it.
    ///
    /// - Parameters:
    ///   - sent: Just before it was sent.
    ///   - now: The present.
    mutating func confirmed(sent: LeaseClock.Instant, at now: LeaseClock.Instant) {
        lastConfirmed = max(lastConfirmed, sent)
        if sent >= attached { fallback = nil }
        while middles.count > 1, middles[1].arrived <= sent { middles.removeFirst() }
        if let middle = middles.first, middle.arrived <= sent { extend(from: middle.base, by: terms.certain) }
        guard let base = base(before: sent) else { return }
        // A slow answer shows that somebody stalls.
        if sent.duration(to: now) <= terms.quick { extend(from: base, by: terms.likely) }
        if middles.last.map({ $0.base < base }) ?? true { middles.append(Middle(base: base, arrived: now)) }
    }

    /// When the latest request was sent that had been answered long enough before `sent`.
    private mutating func base(before sent: LeaseClock.Instant) -> LeaseClock.Instant? {
        let latest = sent.advanced(by: terms.age)
        dropTouches(before: latest)
        guard let first = touches.first, first.arrived <= latest else { return nil }
        return first.sent
    }

    /// Keeps the latest that was answered until then, and those after it.
    private mutating func dropTouches(before latest: LeaseClock.Instant) {
        while touches.count > 1, touches[1].arrived <= latest { touches.removeFirst() }
    }

    private mutating func extend(from base: LeaseClock.Instant, by time: Duration) {
        deadline = max(deadline, base.advanced(by: time))
    }
}
