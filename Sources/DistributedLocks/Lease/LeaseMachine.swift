/// The life of one lease, as a value without I/O: an event goes in, what has to be done comes out.
///
/// ```
///            renewal fails / is overdue
///   held ───────────────────────────────▶ unconfirmed
///    │  ◀──────────────────────────────────   │
///    │            renewal confirmed           │
///    ├── release, holdAtLeast not reached, the store cannot keep it
///    │        ──▶ lingering ── holdAtLeast reached ── give back ─────────────────▶ ended
///    ├── release or close, holdAtLeast not reached, the store can keep it
///    │        ── give back later ────────────────────────────────────────────────▶ ended
///    └── release · close · deadline · holdAtMost · refused · store reports loss ──▶ ended
/// ```
///
/// - *held*, *unconfirmed*: the user relies on it; renewals go out a third of the lease after the last one. *unconfirmed*
///   differs only in that the last attempt failed or has not been answered for as long as that interval.
/// - *lingering*: the user is done with it, and this process keeps it in the store until `holdAtLeast`; renewals go on. Stores
///   that can keep a claim by themselves are asked to do that instead, and the life ends at once.
/// - *ended*: for one reason, for good. A renewal that is confirmed afterwards changes nothing.
///
/// A lease that has not been handed to a user yet is given back at once, whatever `holdAtLeast` says: no user has worked under it.
///
/// To its user the lease is over as soon as it lingers: that is announced once, and the reason stays *released*, whatever
/// happens to the claim until `holdAtLeast`.
///
/// The clock is checked whenever the state is read, so a late timer cannot make a lease look alive.
struct LeaseMachine: ~Copyable, Sendable {
    /// What the shell has to do after an event.
    struct Effects: OptionSet, Sendable {
        let rawValue: UInt8
        /// Send a renewal, and report with ``LeaseMachine/renewalAnswered(_:at:)``.
        static let renew = Effects(rawValue: 1)
        /// Give the claim back to the store. A life ends once, with this, ``giveBackLater`` or ``gone``.
        static let giveBack = Effects(rawValue: 2)
        /// Tell those who watch that the state may have changed; that the lease is lost is said once.
        static let announce = Effects(rawValue: 4)
        /// The store holds nothing of the claim any more; there is nothing to give back.
        static let gone = Effects(rawValue: 8)
        /// Have the store give the claim back at ``LeaseMachine/earliestEnd``.
        static let giveBackLater = Effects(rawValue: 16)
    }

    private enum Phase {
        case live
        case lingering(until: LeaseClock.Instant)
        case ended(LossReason)
    }

    private enum RenewalPlan {
        case due(LeaseClock.Instant)
        case inFlight(overdue: LeaseClock.Instant)
    }

    private var phase = Phase.live
    private var validity: Grant.Validity
    private var isFailing = false
    private var plan: RenewalPlan?
    private let pace: RenewalPace
    private let storeKeeps: Bool
    /// When `holdAtLeast` is reached; `nil` without one.
    let earliestEnd: LeaseClock.Instant?
    private let latestEnd: LeaseClock.Instant?
    /// Whether a user has got the lease, and may rely on it.
    private(set) var isHandedOut = false

    /// Begins the life of a lease that was granted at `start`.
    ///
    /// - Parameters:
    ///   - validity: What the store has granted.
    ///   - pace: When renewals go out.
    ///   - start: When the grant arrived.
    ///   - atLeast: How long the name stays locked at least.
    ///   - atMost: How long the lease is held at the most.
    ///   - storeKeeps: Whether the store can give the claim back later by itself.
    init(
        validity: Grant.Validity,
        pace: RenewalPace,
        start: LeaseClock.Instant,
        atLeast: Duration?,
        atMost: Duration?,
        storeKeeps: Bool
    ) {
        self.validity = validity
        self.pace = pace
        self.storeKeeps = storeKeeps
        earliestEnd = atLeast.map(start.advanced(by:))
        latestEnd = atMost.map(start.advanced(by:))
        if case .until(let deadline) = validity { plan = .due(pace.next(after: start, deadline: deadline)) }
    }

    /// What a user may rely on at `now`.
    func state(at now: LeaseClock.Instant) -> LeaseState {
        switch phase {
        case .ended(let reason): return .lost(reason)
        case .lingering: return .lost(.released)
        case .live: break
        }
        if let reason = expiry(at: now) { return .lost(reason) }
        guard case .until(let deadline) = validity else { return .held }
        return isFailing || isOverdue(at: now) ? .unconfirmed(until: deadline) : .held
    }

    /// When the lease ends at the latest if nothing else happens; `nil` if it may last for ever.
    var end: LeaseClock.Instant? {
        switch (validity, latestEnd) {
        case (.until(let deadline), let latestEnd?): min(deadline, latestEnd)
        case (.until(let deadline), nil): deadline
        case (.unlimited, let latestEnd): latestEnd
        }
    }

    /// Whether the user is done with it, while this process keeps it in the store until `holdAtLeast`.
    var isLingering: Bool {
        if case .lingering = phase { true } else { false }
    }

    /// How much before ``nextWake`` the machine may be woken: renewals like company, deadlines are exact.
    var wakeSlack: Duration {
        if case .due(let instant) = plan, instant == nextWake { pace.slack } else { .zero }
    }

    /// When ``clockReached(_:)`` wants to be called next; `nil` if never.
    var nextWake: LeaseClock.Instant? {
        var wake: LeaseClock.Instant?
        func consider(_ instant: LeaseClock.Instant?) {
            if let instant { wake = wake.map { min($0, instant) } ?? instant }
        }
        switch phase {
        case .ended: return nil
        case .lingering(let until): consider(until)
        case .live: break
        }
        consider(end)
        switch plan {
        case .due(let instant), .inFlight(let instant): consider(instant)
        case nil: break
        }
        return wake
    }

    /// Time has passed.
    mutating func clockReached(_ now: LeaseClock.Instant) -> Effects {
        switch phase {
        case .ended: return []
        case .lingering(let until) where until <= now: return finish(.released)
        case .lingering, .live: break
        }
        if let reason = expiry(at: now) { return finish(reason) }
        switch plan {
        case .due(let instant) where instant <= now.advanced(by: pace.slack):
            plan = .inFlight(overdue: now.advanced(by: pace.interval))
            return .renew
        case .inFlight(let overdue) where overdue <= now:
            plan = .inFlight(overdue: now.advanced(by: pace.retry))
            return fail().union(.renew)
        default:
            return []
        }
    }

    /// A renewal was answered, or failed.
    mutating func renewalAnswered(_ answer: Renewal, at now: LeaseClock.Instant) -> Effects {
        if case .ended = phase { return [] }
        if case .refused(let reason) = answer { return finish(reason, by: .gone) }
        // The timer may be late; an answer must not be taken for news of a lease that is over by the clock.
        if let reason = expiry(at: now) { return finish(reason) }
        switch answer {
        case .refused:
            return []
        case .unknown:
            plan = .due(now.advanced(by: pace.retry))
            return fail()
        case .confirmed(let renewed):
            return confirm(renewed, at: now)
        }
    }

    /// The store has noticed by itself that the claim is gone.
    mutating func lossReported(_ reason: LossReason) -> Effects {
        if case .ended = phase { return [] }
        return finish(reason, by: .gone)
    }

    /// A user gets the lease. Nothing happens if it is over already.
    mutating func handOut(at now: LeaseClock.Instant) -> Effects {
        let late = clockReached(now)
        if case .live = phase { isHandedOut = true }
        return late
    }

    /// The user is done with the lease. Nothing happens if it is over already.
    mutating func release(at now: LeaseClock.Instant) -> Effects {
        let late = clockReached(now)
        guard case .live = phase else { return late }
        guard let earliestEnd, now < earliestEnd, isHandedOut else { return finish(.released) }
        if storeKeeps { return finish(.released, by: .giveBackLater) }
        phase = .lingering(until: earliestEnd)
        return late.union(.announce)
    }

    /// The service is closing: whatever is still held is given back; only a store that keeps it by itself keeps it for
    /// `holdAtLeast`.
    mutating func close(at now: LeaseClock.Instant) -> Effects {
        let late = clockReached(now)
        switch phase {
        case .ended: return late
        case .lingering: return finish(.released)
        case .live: break
        }
        guard storeKeeps, isHandedOut, let earliestEnd, now < earliestEnd else { return finish(.closed) }
        return finish(.closed, by: .giveBackLater)
    }

    private mutating func confirm(_ renewed: Grant.Validity, at now: LeaseClock.Instant) -> Effects {
        guard case .until(let deadline) = validity else { return [] }
        let wasFailing = isFailing
        isFailing = false
        switch renewed {
        case .unlimited:
            validity = .unlimited
            plan = nil
        case .until(let later):
            // Answers can overtake each other; a lease is never shortened by an old one.
            let end = max(deadline, later)
            validity = .until(end)
            plan = .due(pace.next(after: now, deadline: end))
        }
        return wasFailing ? announcement : []
    }

    /// Said once, not with every attempt.
    private mutating func fail() -> Effects {
        defer { isFailing = true }
        return isFailing ? [] : announcement
    }

    private mutating func finish(_ reason: LossReason, by end: Effects = .giveBack) -> Effects {
        plan = nil
        guard !isLingering else {
            phase = .ended(.released)
            return end
        }
        phase = .ended(reason)
        return end.union(.announce)
    }

    /// What to say of a change that only matters to somebody who relies on the lease.
    private var announcement: Effects { isLingering ? [] : .announce }

    /// Why the lease is over at `now` by the clock alone.
    private func expiry(at now: LeaseClock.Instant) -> LossReason? {
        if let latestEnd, latestEnd <= now { return .heldTooLong }
        if case .until(let deadline) = validity, deadline <= now { return .expired }
        return nil
    }

    private func isOverdue(at now: LeaseClock.Instant) -> Bool {
        if case .inFlight(let overdue) = plan { overdue <= now } else { false }
    }
}
