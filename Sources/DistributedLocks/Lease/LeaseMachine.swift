/// The life of one lease, as a value without I/O: an event goes in, what has to be done comes out.
///
/// ```
///            renewal fails / is overdue
///   held ───────────────────────────────▶ unconfirmed
///    │  ◀──────────────────────────────────   │
///    │            renewal confirmed           │
///    ├── release, holdAtLeast not reached ──▶ lingering ── holdAtLeast reached ──▶ ended
///    └── release · deadline · holdAtMost · refused · store reports loss ─────────▶ ended
/// ```
///
/// - *held*, *unconfirmed*: the user relies on it; renewals go out a third of the lease after the last one. *unconfirmed*
///   differs only in that the last attempt failed or has not been answered for as long as that interval.
/// - *lingering*: the user is done with it, the store keeps it until `holdAtLeast`; renewals go on.
/// - *ended*: for one reason, for good. A renewal that is confirmed afterwards changes nothing.
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
        /// Give the claim back to the store. A life ends once, with this or with ``gone``.
        static let giveBack = Effects(rawValue: 2)
        /// Tell those who watch that the state may have changed; that the lease is lost is said once.
        static let announce = Effects(rawValue: 4)
        /// The store holds nothing of the claim any more; there is nothing to give back.
        static let gone = Effects(rawValue: 8)
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
    private let earliestEnd: LeaseClock.Instant?
    private let latestEnd: LeaseClock.Instant?

    /// Begins the life of a lease that was granted at `start`.
    init(validity: Grant.Validity, pace: RenewalPace, start: LeaseClock.Instant, atLeast: Duration?, atMost: Duration?)
    {
        self.validity = validity
        self.pace = pace
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

    /// Whether the user is done with it, while the store keeps it until `holdAtLeast`.
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
        if case .refused(let reason) = answer { return finish(reason, heldInStore: false) }
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
        return finish(reason, heldInStore: false)
    }

    /// The user is done with the lease. Nothing happens if it is over already.
    mutating func release(at now: LeaseClock.Instant) -> Effects {
        let late = clockReached(now)
        guard case .live = phase else { return late }
        guard let earliestEnd, now < earliestEnd else { return finish(.released) }
        phase = .lingering(until: earliestEnd)
        return late.union(.announce)
    }

    /// The service is closing: whatever is still held is given back, `holdAtLeast` or not.
    mutating func close(at now: LeaseClock.Instant) -> Effects {
        let late = clockReached(now)
        switch phase {
        case .ended: return late
        case .lingering: return finish(.released)
        case .live: return finish(.closed)
        }
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

    private mutating func finish(_ reason: LossReason, heldInStore: Bool = true) -> Effects {
        let end: Effects = heldInStore ? .giveBack : .gone
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
