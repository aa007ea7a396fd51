import Synchronization
import Tracing

/// Looks after all leases of one service: renews them in batches, ends them on time, and gives claims back.
///
/// One timer queue serves all of them. With a store whose leases do not expire nothing runs in the background at all.
final class LeaseKeeper: Sendable {
    enum Timer: Sendable {
        case lease(LeaseRecord, wake: Int)
        case patience(@Sendable () -> Void)
    }

    let store: any LockStore
    let clock: LeaseClock
    let configuration: LockConfiguration
    let metrics: LockMetrics
    private let log: LeaseLog
    private let claimReturn: ClaimReturn
    /// Releases and clean-ups: what closing and draining wait for.
    let releases: BackgroundTasks
    let renewals: BackgroundTasks
    let timers: TimerQueue<Timer>
    private let leases = Mutex<[OwnerID: LeaseRecord]>([:])
    private let closed = Atomic(false)
    /// When a claim was last begun to be given back, since closing waits for it no longer than its user would.
    private let lastReturn: Mutex<LeaseClock.Instant>

    init(store: any LockStore, configuration: LockConfiguration) {
        self.store = store
        self.configuration = configuration
        clock = store.clock
        releases = BackgroundTasks(executor: store.executor)
        renewals = BackgroundTasks(executor: store.executor)
        log = LeaseLog(logger: configuration.logger)
        claimReturn = ClaimReturn(store: store, random: configuration.random, log: log)
        metrics = LockMetrics(store: store.label, factory: configuration.metricsFactory)
        lastReturn = Mutex(store.clock.now)
        timers = TimerQueue(clock: store.clock, executor: store.executor)
        timers.deliver(to: { [weak self] due in self?.fired(due) })
    }

    deinit {
        timers.close()
    }

    var isClosed: Bool { closed.load(ordering: .sequentiallyConsistent) }

    /// Begins to look after a grant.
    func adopt(_ grant: Grant, request: LockRequest, options: LockOptions, span: any Span) -> Lease {
        let now = clock.now
        let pace = RenewalPace(ttl: store.capabilities.lifetime.renewed(request.ttl), random: configuration.random)
        let machine = LeaseMachine(
            validity: grant.validity,
            pace: pace,
            start: now,
            atLeast: options.holdAtLeast,
            atMost: options.holdAtMost,
            storeKeeps: store.capabilities.releasesLater
        )
        let record = LeaseRecord(grant: grant, request: request, machine: machine, start: now, span: span)
        leases.withLock { $0[grant.claim.owner] = record }
        record.reschedule(in: timers)
        grant.lossSignal?.listen { [weak self, weak record] reason in
            guard let self, let record else { return }
            handle(record) { machine, _ in machine.lossReported(reason) }
        }
        if isClosed { handle(record) { machine, now in machine.close(at: now) } }
        return Lease(record: record, keeper: self)
    }

    /// A user is about to get the lease: from now on its loss is news, and `holdAtLeast` counts.
    ///
    /// - Returns: Whether the lease may be relied on; if it is lost already, nobody must get it.
    func handOut(_ lease: Lease) -> LeaseState {
        let change = lease.record.apply(on: clock) { machine, now in machine.handOut(at: now) }
        if !change.effects.isEmpty, carryOut(change, of: lease.record) { renew([lease.record]) }
        return change.state
    }

    /// The state of a lease by the clock; acts on it if a timer is late.
    func checkClock(of record: LeaseRecord) -> LeaseState {
        let now = clock.now
        let state = record.state(at: now)
        if case .lost = state { handle(record) { machine, now in machine.clockReached(now) } }
        return state
    }

    /// Releases for the user; bounded in time, and unaffected by cancellation.
    func release(_ record: LeaseRecord) async -> ReleaseResult {
        let end = clock.now.advanced(by: configuration.releaseTimeout)
        handle(record, onCallersThread: true) { machine, now in machine.release(at: now) }
        if case .lost(let reason) = record.state(at: clock.now), reason != .released { return .alreadyLost(reason) }
        if record.isLingering { return .deferred }
        return await value(of: record.released, until: end) ?? .pending
    }

    /// Nobody refers to the lease any more.
    func abandon(_ record: LeaseRecord) {
        if case .lost = record.state(at: clock.now) { return }
        log.abandoned(record)
        handle(record) { machine, now in machine.release(at: now) }
    }

    /// Removes whatever an acquire that did not succeed has left in the store.
    func withdraw(_ claim: LockClaim, ttl: Duration) async {
        let end = clock.now.advanced(by: configuration.cleanupTimeout)
        let done = Latch<ReleaseResult>()
        giveBack(onCallersThread: true) { await done.open(self.claimReturn.run(claim, ttl: ttl, keptUntil: nil)) }
        _ = await value(of: done, until: end)
    }

    /// Waits until the leases that this process keeps for `holdAtLeast`, and all releases under way, are done, or the task is
    /// cancelled.
    func drain() async {
        for record in leases.withLock({ Array($0.values) }) where record.isLingering {
            await record.released.valueUnlessCancelled()
        }
        await releases.idle.valueUnlessCancelled()
    }

    /// Ends every lease and waits until the store has them back, or the release timeout has passed since the last of them began
    /// to be given back.
    func close() async {
        closed.store(true, ordering: .sequentiallyConsistent)
        for record in leases.withLock({ Array($0.values) }) {
            handle(record) { machine, now in machine.close(at: now) }
        }
        // The timers go on: they bound the waits of those who release or clean up at this moment.
        let end = lastReturn.withLock { $0.advanced(by: configuration.releaseTimeout) }
        _ = await value(of: releases.idle, until: end)
    }
}

extension LeaseKeeper {
    /// Feeds an event to a lease and does what comes out of it.
    private func handle(
        _ record: LeaseRecord,
        onCallersThread: Bool = false,
        _ event: (inout LeaseMachine, LeaseClock.Instant) -> LeaseMachine.Effects
    ) {
        if perform(record, onCallersThread: onCallersThread, event) { renew([record]) }
    }

    /// Like ``handle(_:onCallersThread:_:)``, but leaves the renewal, if one is due, to the caller.
    ///
    /// - Returns: Whether a renewal is due.
    private func perform(
        _ record: LeaseRecord,
        onCallersThread: Bool = false,
        _ event: (inout LeaseMachine, LeaseClock.Instant) -> LeaseMachine.Effects
    ) -> Bool {
        carryOut(record.apply(on: clock, event), of: record, onCallersThread: onCallersThread)
    }

    /// Does what an event has brought about, but for the renewal; see ``perform(_:onCallersThread:_:)``.
    private func carryOut(_ change: LeaseRecord.Change, of record: LeaseRecord, onCallersThread: Bool = false) -> Bool {
        if change.effects.contains(.announce) { announce(record, change) }
        if !change.effects.isDisjoint(with: [.giveBack, .giveBackLater]) {
            giveBack(onCallersThread: onCallersThread) {
                let result = await self.claimReturn.run(record.claim, ttl: record.ttl, keptUntil: change.keptUntil)
                self.ended(record, result)
            }
        } else if change.effects.contains(.gone), case .lost(let reason) = change.state {
            ended(record, reason == .released ? .released : .alreadyLost(reason))
        }
        // Nobody else may be left who keeps the timers going.
        if record.isLingering { record.keepAlive(self) }
        record.reschedule(in: timers)
        return change.effects.contains(.renew)
    }

    private func fired(_ due: [Timer]) {
        var renewals: [LeaseRecord] = []
        for timer in due {
            switch timer {
            case .patience(let giveUp):
                giveUp()
            case .lease(let record, let wake):
                record.timerFired(wake)
                if perform(record, { machine, now in machine.clockReached(now) }) { renewals.append(record) }
            }
        }
        if !renewals.isEmpty { renew(renewals) }
    }

    /// Sends the renewals of several leases in one batch.
    private func renew(_ records: [LeaseRecord]) {
        renewals.start {
            let requests = records.map { RenewalRequest(claim: $0.claim, ttl: $0.ttl) }
            let answers = await self.store.renew(requests)
            for (record, answer) in zip(records, answers) {
                self.metrics.renewed(answer)
                if case .unknown(let error) = answer { self.log.renewalFailed(record, error) }
                self.handle(record) { machine, now in machine.renewalAnswered(answer, at: now) }
            }
        }
    }

    /// The store holds nothing of the claim any more.
    private func ended(_ record: LeaseRecord, _ result: ReleaseResult) {
        leases.withLock { _ = $0.removeValue(forKey: record.claim.owner) }
        record.released.open(result)
        record.keepAlive(nil)
    }

    private func giveBack(onCallersThread: Bool, _ work: @escaping @Sendable () async -> Void) {
        let now = clock.now
        lastReturn.withLock { $0 = max($0, now) }
        releases.start(onCallersThread: onCallersThread, work)
    }

    private func value<Value: Sendable>(of latch: Latch<Value>, until end: LeaseClock.Instant) async -> Value? {
        if let value = latch.current { return value }
        let waiter = latch.enter()
        let ticket = timers.schedule(.patience { latch.giveUp(waiter) }, at: end)
        defer { timers.cancel(ticket) }
        return await latch.value(for: waiter)
    }

    private func announce(_ record: LeaseRecord, _ change: LeaseRecord.Change) {
        // A lease that no user got was not lost by anybody: its acquire says how it ended.
        if change.isHandedOut { log.changed(record, to: change.state, at: change.now) }
        guard case .lost(let reason) = change.state else { return }
        guard change.isHandedOut else { return LockSpans.end(record.span, .released) }
        metrics.ended(reason, heldFor: record.start.duration(to: change.now))
        LockSpans.end(record.span, reason)
    }
}
