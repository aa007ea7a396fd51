import Synchronization
import Tracing

/// What is shared about one lease: its machine, and those who watch it.
///
/// The keeper drives it; ``Lease`` is the user's handle on it. Callbacks run outside the lock.
final class LeaseRecord: Sendable {
    private struct Inner: ~Copyable {
        var machine: LeaseMachine
        var observers: [Int: @Sendable (LeaseState) -> Void] = [:]
        var nextObserver = 0
        var wake: (at: LeaseClock.Instant, number: Int, ticket: TimerQueue<LeaseKeeper.Timer>.Ticket)?
        var nextWake = 0
        var keeper: LeaseKeeper?
    }

    let claim: LockClaim
    let token: FencingToken
    let holder: Holder
    let ttl: Duration
    let start: LeaseClock.Instant
    let span: any Span
    /// Opens when the store holds nothing of the claim any more.
    let released = Latch<ReleaseResult>()
    private let inner: Mutex<Inner>

    init(grant: Grant, request: LockRequest, machine: consuming LeaseMachine, start: LeaseClock.Instant, span: any Span)
    {
        claim = grant.claim
        token = grant.token
        holder = request.holder
        ttl = request.ttl
        self.start = start
        self.span = span
        inner = Mutex(Inner(machine: machine))
    }

    func state(at now: LeaseClock.Instant) -> LeaseState {
        inner.withLock { $0.machine.state(at: now) }
    }

    /// Whether the user is done with it, while this process keeps it in the store for `holdAtLeast`.
    var isLingering: Bool { inner.withLock { $0.machine.isLingering } }

    var end: LeaseClock.Instant? { inner.withLock { $0.machine.end } }

    /// What an event has brought about.
    struct Change: Sendable {
        let effects: LeaseMachine.Effects
        let state: LeaseState
        let now: LeaseClock.Instant
        /// Whether anybody could rely on the lease.
        let isHandedOut: Bool
        /// Until when the store is to keep the claim, where it is given back.
        let keptUntil: LeaseClock.Instant?
    }

    /// Feeds an event to the machine, tells the observers, and reports what is left to do.
    ///
    /// The clock is read under the lock, so that the machine never sees the time go back.
    func apply(
        on clock: LeaseClock,
        _ event: (inout LeaseMachine, LeaseClock.Instant) -> LeaseMachine.Effects
    ) -> Change {
        let (change, observers) = inner.withLock { inner in
            let now = clock.now
            let effects = event(&inner.machine, now)
            let change = Change(
                effects: effects,
                state: inner.machine.state(at: now),
                now: now,
                isHandedOut: inner.machine.isHandedOut,
                keptUntil: effects.contains(.giveBackLater) ? inner.machine.earliestEnd : nil
            )
            guard effects.contains(.announce) else { return (change, [@Sendable (LeaseState) -> Void]()) }
            let observers = inner.observers.sorted { $0.key < $1.key }.map(\.value)
            if case .lost = change.state { inner.observers = [:] }
            return (change, observers)
        }
        for observer in observers { observer(change.state) }
        return change
    }

    /// Calls `observer` with the present state, and with every later one until the lease is over.
    ///
    /// - Returns: What to pass to ``stopObserving(_:)``.
    @discardableResult
    func observe(at now: LeaseClock.Instant, _ observer: @escaping @Sendable (LeaseState) -> Void) -> Int {
        let (state, number) = inner.withLock { inner in
            let state = inner.machine.state(at: now)
            let number = inner.nextObserver
            inner.nextObserver += 1
            if case .lost = state {} else { inner.observers[number] = observer }
            return (state, number)
        }
        observer(state)
        return number
    }

    func stopObserving(_ number: Int) {
        inner.withLock { _ = $0.observers.removeValue(forKey: number) }
    }

    /// Keeps the one timer of this lease where the machine wants it.
    func reschedule(in timers: TimerQueue<LeaseKeeper.Timer>) {
        inner.withLock { inner in
            let wanted = inner.machine.nextWake
            guard wanted != inner.wake?.at else { return }
            if let wake = inner.wake.take() { timers.cancel(wake.ticket) }
            guard let wanted else { return }
            let number = inner.nextWake
            inner.nextWake += 1
            let timer = LeaseKeeper.Timer.lease(self, wake: number)
            inner.wake = (wanted, number, timers.schedule(timer, at: wanted, slack: inner.machine.wakeSlack))
        }
    }

    /// Keeps the keeper alive while the lease has no user any more, but a time to be given back at.
    func keepAlive(_ keeper: LeaseKeeper?) {
        inner.withLock { $0.keeper = keeper }
    }

    /// A timer has been delivered. Unless another has taken its place meanwhile, none is set any more.
    func timerFired(_ wake: Int) {
        inner.withLock { if $0.wake?.number == wake { $0.wake = nil } }
    }
}
