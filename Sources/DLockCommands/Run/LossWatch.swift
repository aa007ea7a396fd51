import DistributedLocks
import Synchronization

/// Watches a lease while a command runs under it, and says when the command has to go.
final class LossWatch: Sendable {
    private enum Event: Sendable {
        case lease(LeaseState)
        case timer
    }

    /// What the command's supervisor has to do; ends with the watch.
    let orders: AsyncStream<ChildOrder>
    private let mailbox: AsyncStream<ChildOrder>.Continuation
    private let lease: Lease
    private let clock: LeaseClock
    private let plan: Mutex<LossPlan>
    private let complaint = Mutex<Task<Void, Never>?>(nil)
    private let child = Mutex<ChildProcess?>(nil)

    /// Watches `lease`; the command also has to go when it has held the lock for `holdAtMost`.
    init(lease: Lease, holdAtMost: Duration?, clock: LeaseClock) {
        self.lease = lease
        self.clock = clock
        let now = clock.now
        plan = Mutex(LossPlan(start: now, holdLimit: holdAtMost.map(now.advanced(by:))))
        (orders, mailbox) = AsyncStream.makeStream(of: ChildOrder.self)
    }

    /// Whether the command has been told to end, or its guard has seen to that while this process was stopped.
    var hasOrdered: Bool {
        let now = clock.now
        return plan.withLock { $0.hasOrdered || ($0.nextWake.map { $0 <= now } ?? false) }
    }

    /// Keeps the guard of a child informed of when the child has to end, for the case that this process is stopped then.
    func inform(_ child: ChildProcess) {
        self.child.withLock { $0 = child }
        child.setDeadlines(deadlines)
    }

    /// When the child has to end as far as is known now, on the clock of the guard; `nil` if never.
    var deadlines: GuardDeadlines? {
        // Read before the clock of leases: if this process is stopped in between, the guard is early, not late.
        let guardNow = GuardDeadlines.Instant.now
        let now = clock.now
        let deadlines = plan.withLock { $0.deadlines(validUntil: lease.validUntil, at: now) }
        return deadlines.map { deadlines in
            GuardDeadlines(
                terminate: deadlines.terminate.map { guardNow.advanced(by: now.duration(to: $0)) },
                kill: guardNow.advanced(by: now.duration(to: deadlines.kill))
            )
        }
    }

    /// Watches until the task is cancelled.
    func run() async {
        let (events, sender) = AsyncStream.makeStream(of: Event.self)
        let timers = Timers(clock: clock)
        let states = Task { [lease] in
            for await state in lease.states { sender.yield(.lease(state)) }
        }
        sender.yield(.timer)
        var ticket: Timers.Ticket?
        for await event in events {
            let next = handle(event)
            if let ticket { timers.cancel(ticket) }
            ticket = next.map { timers.schedule(at: $0) { sender.yield(.timer) } }
        }
        complaint.withLock { $0?.cancel() }
        states.cancel()
        timers.close()
        mailbox.finish()
    }

    private func handle(_ event: Event) -> LeaseClock.Instant? {
        let now = clock.now
        let (due, next) = plan.withLock { plan in
            if case .lease(let state) = event { plan.leaseChanged(to: state, at: now) }
            return (plan.orders(at: now), plan.nextWake)
        }
        for order in due { mailbox.yield(order) }
        if due.contains(.kill) { complainIfNeeded() }
        child.withLock(\.self)?.setDeadlines(deadlines)
        return [next, nextUpdate(at: now)].compactMap(\.self).min()
    }

    /// When to look whether the lease has been renewed, well before the guard would act on what it knows; `nil` if leases do not
    /// expire.
    private func nextUpdate(at now: LeaseClock.Instant) -> LeaseClock.Instant? {
        guard let end = lease.validUntil, now < end else { return nil }
        return now.advanced(by: max(.milliseconds(10), now.duration(to: end) / 4))
    }

    /// A command that cannot be killed (it is another user's, or stuck in the kernel) keeps the lock; say so.
    private func complainIfNeeded() {
        complaint.withLock { complaint in
            complaint = Task { [clock, lease] in
                guard (try? await clock.sleep(for: .seconds(2))) != nil else { return }
                Console.error(
                    "the command cannot be ended; \"\(lease.name)\" stays locked until it has ended by itself"
                )
            }
        }
    }
}
