/// Any number of timers on one clock, each of which does something: for stores and programs, see ``TimerQueue``.
package final class Timers: Sendable {
    /// Names a timer that has been set.
    package struct Ticket: Sendable {
        fileprivate let ticket: TimerQueue<@Sendable () -> Void>.Ticket
    }

    private let queue: TimerQueue<@Sendable () -> Void>

    /// Makes an empty set.
    ///
    /// - Parameters:
    ///   - clock: What the timers run on.
    ///   - executor: Where they do what they have to; anywhere if `nil`.
    package init(clock: LeaseClock, executor: (any TaskExecutor)? = nil) {
        queue = TimerQueue(clock: clock, executor: executor)
        queue.deliver(to: { due in for action in due { action() } })
    }

    /// Does something at `due`, or up to `slack` earlier. It must not block: others wait for it.
    @discardableResult
    package func schedule(
        at due: LeaseClock.Instant,
        slack: Duration = .zero,
        _ action: @escaping @Sendable () -> Void
    ) -> Ticket {
        Ticket(ticket: queue.schedule(action, at: due, slack: slack))
    }

    /// Takes a timer back; nothing happens if it is done already.
    package func cancel(_ ticket: Ticket) {
        queue.cancel(ticket.ticket)
    }

    /// Cancels everything; timers set later are ignored.
    package func close() {
        queue.close()
    }

    /// How many timers are kept; see ``TimerQueue/entryCount``.
    var entryCount: Int { queue.entryCount }
}
