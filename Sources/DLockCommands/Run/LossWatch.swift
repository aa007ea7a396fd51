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

    /// Watches `lease`; the command also has to go when it has held the lock for `holdAtMost`.
    init(lease: Lease, holdAtMost: Duration?, clock: LeaseClock) {
        self.lease = lease
        self.clock = clock
        let now = clock.now
        plan = Mutex(LossPlan(start: now, holdLimit: holdAtMost.map(now.advanced(by:))))
        (orders, mailbox) = AsyncStream.makeStream(of: ChildOrder.self)
    }

    /// Whether the command has been told to end.
    var hasOrdered: Bool { plan.withLock { $0.hasOrdered } }

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
        return next
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
