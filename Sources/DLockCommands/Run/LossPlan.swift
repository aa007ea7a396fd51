import DistributedLocks

/// Decides when a command has to go because its lock does: a value without I/O.
///
/// While the lease may still be held until a known instant, the command is asked to end some time before and killed just
/// before; once the lease is lost, it is asked at once and killed a moment later.
struct LossPlan: Sendable {
    /// How long a command has to end by itself, at the most.
    static let grace = Duration.seconds(5)
    /// How long it has when the lock is lost already.
    static let lateGrace = Duration.seconds(1)
    /// How much before the end of the lease it is killed, at the most.
    static let margin = Duration.milliseconds(100)

    private var terminateAt: LeaseClock.Instant?
    private var killAt: LeaseClock.Instant?
    private let holdLimit: LeaseClock.Instant?
    private let holdWindow: Duration
    private(set) var hasOrdered = false
    private var hasKilled = false

    /// Plans for a lease that ends at `holdLimit` whatever happens, if given.
    init(start: LeaseClock.Instant, holdLimit: LeaseClock.Instant?) {
        self.holdLimit = holdLimit
        holdWindow = holdLimit.map { start.duration(to: $0) } ?? .zero
        planForLimit()
    }

    /// When ``orders(at:)`` wants to be asked next; `nil` if nothing is planned.
    var nextWake: LeaseClock.Instant? {
        if hasKilled { return nil }
        return hasOrdered ? killAt : terminateAt
    }

    /// The lease has changed its state.
    mutating func leaseChanged(to state: LeaseState, at now: LeaseClock.Instant) {
        switch state {
        case .held:
            // Once it has been asked to end, the command is ending; only a later end of the lease changes the deadline.
            terminateAt = nil
            killAt = nil
            planForLimit()
        case .unconfirmed(let until):
            plan(end: min(until, holdLimit ?? until), window: max(.zero, now.duration(to: until)))
        case .lost:
            terminateAt = now
            killAt = min(killAt ?? now.advanced(by: Self.lateGrace), now.advanced(by: Self.lateGrace))
        }
    }

    /// When the command has to end if nothing more becomes known: what a guard can see to by itself.
    ///
    /// - Parameters:
    ///   - validUntil: When the lease ends unless it is renewed; `nil` if it does not expire.
    ///   - now: The present instant.
    /// - Returns: `nil` if the command may go on for ever.
    func deadlines(validUntil: LeaseClock.Instant?, at now: LeaseClock.Instant) -> Deadlines? {
        var unrenewed = self
        if let validUntil { unrenewed.plan(end: validUntil, window: max(.zero, now.duration(to: validUntil))) }
        let kill = [killAt, unrenewed.killAt].compactMap(\.self).min()
        let terminate = [terminateAt, unrenewed.terminateAt].compactMap(\.self).min()
        return kill.map { Deadlines(terminate: hasOrdered ? nil : terminate, kill: $0) }
    }

    /// When a command has to end.
    struct Deadlines: Hashable, Sendable {
        /// When it is asked to end; `nil` if it has been asked already.
        var terminate: LeaseClock.Instant?
        /// When it is killed.
        var kill: LeaseClock.Instant
    }

    /// What is due at `now`, in order.
    mutating func orders(at now: LeaseClock.Instant) -> [ChildOrder] {
        var orders: [ChildOrder] = []
        if !hasOrdered, let terminateAt, terminateAt <= now {
            hasOrdered = true
            orders.append(.terminate)
        }
        if hasOrdered, !hasKilled, let killAt, killAt <= now {
            hasKilled = true
            orders.append(.kill)
        }
        return orders
    }

    private mutating func planForLimit() {
        if let holdLimit { plan(end: holdLimit, window: holdWindow) }
    }

    private mutating func plan(end: LeaseClock.Instant, window: Duration) {
        terminateAt = end.advanced(by: .zero - min(Self.grace, window / 3))
        killAt = end.advanced(by: .zero - min(Self.margin, window / 10))
    }
}
