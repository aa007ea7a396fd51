import HeapModule
import Synchronization

/// Any number of timers on one clock, with one sleeping task at most.
///
/// Timers that are due at the same time, or within their slack of it, are delivered together, so that work which can be
/// batched is. While no timer is set there is no task, except one that was started for a timer which has been cancelled
/// since and which is not worth waking for that: most timers here guard something that usually happens in time.
final class TimerQueue<Payload: Sendable>: Sendable {
    /// Names a timer that has been set.
    struct Ticket: Hashable, Sendable {
        fileprivate let number: UInt64
    }

    private struct Entry: Comparable {
        let due: LeaseClock.Instant
        let slack: Duration
        let number: UInt64

        static func < (lhs: Entry, rhs: Entry) -> Bool {
            (lhs.due, lhs.number) < (rhs.due, rhs.number)
        }
    }

    private struct State {
        var heap = Heap<Entry>()
        /// What is still wanted; entries of the heap without a payload here have been cancelled.
        var payloads: [UInt64: Payload] = [:]
        var nextNumber: UInt64 = 0
        var sleeper: (number: UInt64, task: Task<Void, Never>, due: LeaseClock.Instant)?
        var deliver: (@Sendable ([Payload]) -> Void)?
        var isClosed = false
        var deliveries = 0
    }

    private let clock: LeaseClock
    private let executor: (any TaskExecutor)?
    private let state = Mutex(State())

    /// Makes an empty queue.
    ///
    /// - Parameters:
    ///   - clock: What the timers run on.
    ///   - executor: Where they are delivered; anywhere if `nil`.
    init(clock: LeaseClock, executor: (any TaskExecutor)? = nil) {
        self.clock = clock
        self.executor = executor
    }

    deinit {
        state.withLock { $0.sleeper?.task.cancel() }
    }

    /// Says who receives the payloads of the timers that are due, in their order. To be called once, before any timer.
    func deliver(to receiver: @escaping @Sendable ([Payload]) -> Void) {
        state.withLock { $0.deliver = receiver }
    }

    /// Sets a timer for `due`, which may be delivered up to `slack` earlier.
    @discardableResult
    func schedule(_ payload: Payload, at due: LeaseClock.Instant, slack: Duration = .zero) -> Ticket {
        state.withLock { state in
            let number = state.nextNumber
            state.nextNumber += 1
            guard !state.isClosed else { return Ticket(number: number) }
            state.payloads[number] = payload
            state.heap.insert(Entry(due: due, slack: slack, number: number))
            sleepIfNeeded(&state)
            return Ticket(number: number)
        }
    }

    /// Takes a timer back; nothing happens if it has been delivered already.
    func cancel(_ ticket: Ticket) {
        state.withLock { state in
            guard state.payloads.removeValue(forKey: ticket.number) != nil else { return }
            compactIfNeeded(&state)
        }
    }

    /// Cancels everything; timers set later are ignored.
    func close() {
        state.withLock { state in
            state.isClosed = true
            state.deliver = nil
            state.payloads = [:]
            state.heap = Heap()
            state.sleeper.take()?.task.cancel()
        }
    }

    /// How many timers are kept, including cancelled ones that have not been dropped yet.
    var entryCount: Int { state.withLock { $0.heap.count } }

    /// Whether payloads are being delivered at this moment.
    var isDelivering: Bool { state.withLock { $0.deliveries > 0 } }

    /// Until when the one sleeping task sleeps; `nil` if there is none.
    var sleepsUntil: LeaseClock.Instant? { state.withLock { $0.sleeper?.due } }

    private func wake(_ sleeper: UInt64) {
        let now = clock.now
        let (due, deliver) = state.withLock { state in
            // One that was cancelled a moment too late must not make the queue forget its successor.
            if state.sleeper?.number == sleeper { state.sleeper = nil }
            var due: [Payload] = []
            while let first = state.heap.min {
                // One that was cancelled must not hide those behind it that are within their slack.
                let isWanted = state.payloads[first.number] != nil
                if isWanted, now < first.due.advanced(by: .zero - first.slack) { break }
                state.heap.removeMin()
                if let payload = state.payloads.removeValue(forKey: first.number) { due.append(payload) }
            }
            // Before anything is delivered: a slow receiver must not hold up the next timer.
            sleepIfNeeded(&state)
            state.deliveries += 1
            return (due, state.deliver)
        }
        if !due.isEmpty { deliver?(due) }
        state.withLock { $0.deliveries -= 1 }
    }

    /// Makes sure that somebody sleeps until the first timer that is still wanted.
    private func sleepIfNeeded(_ state: inout State) {
        while let first = state.heap.min, state.payloads[first.number] == nil { state.heap.removeMin() }
        guard let first = state.heap.min else { return }
        if let sleeper = state.sleeper {
            guard first.due < sleeper.due else { return }
            sleeper.task.cancel()
        }
        let clock = clock
        let number = state.nextNumber
        state.nextNumber += 1
        // Detached: it lives on after whoever set the timer, whose task-local values and priority are not its business.
        let task = Task.detached(executorPreference: executor, priority: .high) { [weak self] in
            guard (try? await clock.sleep(until: first.due)) != nil else { return }
            self?.wake(number)
        }
        state.sleeper = (number, task, first.due)
    }

    /// Drops cancelled entries once they are the larger part.
    private func compactIfNeeded(_ state: inout State) {
        guard state.heap.count > 64, state.heap.count > 2 * state.payloads.count else { return }
        state.heap = Heap(state.heap.unordered.filter { state.payloads[$0.number] != nil })
    }
}
