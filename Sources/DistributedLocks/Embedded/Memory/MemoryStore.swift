import Synchronization

/// A store within one process: for tests, previews, and for programs that do not (yet) run twice.
///
/// First come, first served, in every mode. Claims last until they are released; with
/// ``StoreCapabilities/Lifetime/expiring(_:)`` they expire like those of a server, which makes this store the stand-in
/// for one in tests under a manual clock.
public final class MemoryStore: LockStore {
    struct Tag: Hashable, Sendable {
        let ttl: Duration
        /// When a holder's claim ends by itself; `nil` for waiters, and for claims that do not expire.
        var expiry: LeaseClock.Instant?
    }

    /// How a wait ended.
    enum Outcome: Sendable {
        case granted(Grant)
        case withdrawn
        case outOfTime
        case closed
    }

    /// The first answer to a request.
    enum Answer: Sendable {
        case granted(Grant)
        case waiting(WaitSlot<Outcome>, Contention)
        case refused(Contention)
    }

    enum Timer: Sendable {
        case deadline(WaitSlot<Outcome>)
        case expiry(LockName)
    }

    typealias Queue = LockQueue<Tag>

    struct State {
        var queues: [LockName: Queue] = [:]
        var signals: [OwnerID: LossSignal] = [:]
        /// Where the tasks wait whose claims are queued.
        var slots: [OwnerID: WaitSlot<Outcome>] = [:]
        /// When somebody looks after a name whose holder may expire while others wait.
        var watches: [LockName: TimerQueue<Timer>.Ticket] = [:]
        /// The highest token of names that are idle now, so that theirs keep growing.
        var lastToken = FencingToken(rawValue: 0)
        var isClosed = false
    }

    /// Always `memory:`.
    public let label = "memory:"
    /// The clock of deadlines and expiries.
    public let clock: LeaseClock
    /// Everything, in order; leases expire or not, as chosen.
    public let capabilities: StoreCapabilities

    let state = Mutex(State())
    let timers: TimerQueue<Timer>

    /// Makes an empty store.
    ///
    /// - Parameters:
    ///   - clock: What deadlines are measured on.
    ///   - lifetime: Whether claims expire unless they are renewed.
    public init(clock: LeaseClock = .continuous, lifetime: StoreCapabilities.Lifetime = .process) {
        self.clock = clock
        capabilities = StoreCapabilities(
            modes: Set(LockMode.Kind.allCases),
            ordering: .fifo,
            lifetime: lifetime,
            listsNames: true,
            forcesRelease: true,
            signalsLoss: true
        )
        timers = TimerQueue(clock: clock)
        timers.deliver(to: { [weak self] due in due.forEach { self?.reached($0) } })
    }

    /// Takes the claim, or waits for it; see ``LockStore/acquire(_:)``.
    public func acquire(_ request: LockRequest) async throws -> Acquisition {
        try Task.checkCancellation()
        switch try enqueue(request) {
        case .granted(let grant):
            return .granted(grant)
        case .refused(let contention):
            return .unavailable(contention)
        case .waiting(let slot, let contention):
            request.onQueued?(contention)
            return try await wait(in: slot, request)
        }
    }

    /// Extends claims that expire; see ``LockStore/renew(_:)``.
    public func renew(_ requests: [RenewalRequest]) async -> [Renewal] {
        requests.map { request in
            let now = clock.now
            return change(request.claim.name) { queue, _ in
                let tag = Tag(ttl: request.ttl, expiry: expiry(ttl: request.ttl, now: now))
                guard queue.updateHolder(request.claim.owner, tag: tag) else { return .refused(.removed) }
                return .confirmed(validity(ttl: request.ttl, now: now))
            }
        }
    }

    /// Gives back a claim, or withdraws it, which ends its wait with `CancellationError`; see ``LockStore/release(_:)``.
    public func release(_ claim: LockClaim) async throws -> ReleaseOutcome {
        let (outcome, slot) = change(claim.name) { queue, state in
            state.signals[claim.owner] = nil
            let slot = state.slots.removeValue(forKey: claim.owner)
            return (queue.remove(claim.owner) == .absent ? ReleaseOutcome.notHeld : .released, slot)
        }
        slot?.finish(.withdrawn)
        return outcome
    }

    /// Takes the name away from its holders; see ``LockStore/forceRelease(_:from:)``.
    public func forceRelease(_ name: LockName, from condition: HolderCondition) async throws -> [Holder] {
        let (holders, signals) = try change(name) { queue, state in
            let entries = try queue.removeHolders(meantBy: condition, of: name)
            return (entries.map(\.holder), entries.compactMap { state.signals.removeValue(forKey: $0.owner) })
        }
        for signal in signals { signal.raise(.revoked) }
        return holders
    }

    /// Who holds `name` and who waits; see ``LockStore/status(of:)``.
    public func status(of name: LockName) async throws -> LockStatus {
        change(name) { queue, _ in self.status(of: name, queue) }
    }

    /// All names in use; see ``LockStore/list()``.
    public func list() async throws -> [LockStatus] {
        let names = state.withLock { Array($0.queues.keys) }.sorted()
        return names.map { name in change(name) { queue, _ in self.status(of: name, queue) } }.filter { !$0.isIdle }
    }

    /// Ends all waits and gives up all claims; see ``LockStore/close()``.
    public func close() async {
        let (signals, slots) = state.withLock { state in
            defer { state = State(lastToken: state.lastToken, isClosed: true) }
            return (Array(state.signals.values), Array(state.slots.values))
        }
        timers.close()
        for slot in slots { slot.finish(.closed) }
        for signal in signals { signal.raise(.closed) }
    }
}
