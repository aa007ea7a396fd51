import Synchronization

/// A store within one process: for tests, previews, and for programs that do not (yet) run twice.
///
/// First come, first served, in every mode. Claims last until they are released; with
/// ``StoreCapabilities/Lifetime/expiring(_:)`` they expire like those of a server, which makes this store the stand-in
/// for one in tests under a manual clock.
public final class MemoryStore: LockStore {
    struct Tag: Hashable, Sendable {
        let ttl: Duration
        /// When it was asked for, by the store's clock and, if that was told, by the wall clock of whoever asked.
        let arrival: LeaseClock.Instant
        let waitingSince: UnixTime?
        /// When a holder's claim ends by itself; `nil` for waiters, and for claims that do not expire.
        var expiry: LeaseClock.Instant?

        /// The same with another end.
        func expiring(_ expiry: LeaseClock.Instant?) -> Tag {
            var tag = self
            tag.expiry = expiry
            return tag
        }

        /// The wall-clock time at an instant, by the clock of whoever asked.
        func wallTime(at now: LeaseClock.Instant) -> UnixTime? {
            guard let waitingSince else { return nil }
            let (seconds, attoseconds) = arrival.duration(to: now).components
            return UnixTime(
                microseconds: waitingSince.microseconds &+ seconds &* 1_000_000 + attoseconds / 1_000_000_000_000
            )
        }
    }

    /// How a wait ended.
    enum Outcome: Sendable {
        case granted(Grant)
        case withdrawn
        case outOfTime(Contention)
        case closed
    }

    /// The first answer to a request.
    enum Answer: Sendable {
        case granted(Grant)
        case waiting(WaitSlot<Outcome>, Contention)
        case refused(Contention)
    }

    enum Timer: Sendable {
        case deadline(LockClaim)
        case expiry(LockName)
    }

    typealias Queue = MemoryQueue<Tag>

    /// The queue of a name, and when somebody looks after it.
    struct Line {
        var queue = Queue()
        /// No holder expires before this.
        var nextExpiry: LeaseClock.Instant?
        var watch: (ticket: TimerQueue<Timer>.Ticket, due: LeaseClock.Instant)?
    }

    /// A claim that is held, or waits.
    struct Claim {
        var place: QueuePlace
        let ttl: Duration
        /// Where its tasks wait; `nil` once it is held.
        var slot: WaitSlot<Outcome>?
        var held: (token: FencingToken, signal: LossSignal)?
    }

    struct State {
        var lines: [LockName: Line] = [:]
        var claims: [OwnerID: Claim] = [:]
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
            signalsLoss: true,
            releasesLater: true
        )
        timers = TimerQueue(clock: clock)
        timers.deliver(to: { [weak self] due in self?.reached(due) })
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
            let expiry = expiry(ttl: request.ttl, now: now)
            return change(request.claim.name) { line, step -> Renewal in
                guard step.state.claims[request.claim.owner]?.held != nil else { return .refused(.removed) }
                let isHeld = try line.queue.retag(
                    request.claim.owner,
                    step.place(of: request.claim),
                    step.context,
                    &step.news
                ) { tag in tag.expiring(expiry) }
                step.news.moved = []
                return isHeld ? .confirmed(validity(ttl: request.ttl, now: now)) : .refused(.removed)
            } ?? .refused(.removed)
        }
    }

    /// Gives back a claim, or withdraws it, which ends its wait with `CancellationError`; see ``LockStore/release(_:)``.
    public func release(_ claim: LockClaim) async throws -> ReleaseOutcome {
        let slot = Mutex<WaitSlot<Outcome>?>(nil)
        let outcome = change(claim.name) { line, step -> ReleaseOutcome in
            let removal = try line.queue.remove(claim.owner, step.place(of: claim), step.context, &step.news)
            let former = step.state.claims.removeValue(forKey: claim.owner)
            slot.withLock { $0 = former?.slot }
            return removal == .absent ? .notHeld : .released
        }
        slot.withLock { $0 }?.finish(.withdrawn)
        return outcome ?? .notHeld
    }

    /// Gives back a held claim once `delay` has passed; see ``LockStore/release(_:after:)``. What is kept lasts no longer than
    /// this store.
    public func release(_ claim: LockClaim, after delay: Duration) async throws -> ReleaseOutcome {
        let expiry = clock.now.advanced(by: delay)
        let outcome = change(claim.name) { line, step -> ReleaseOutcome in
            let isHeld = try line.queue.retag(claim.owner, step.place(of: claim), step.context, &step.news) { tag in
                tag.expiring(expiry)
            }
            guard isHeld else { return .notHeld }
            step.state.claims[claim.owner] = nil
            line.nextExpiry = min(line.nextExpiry ?? expiry, expiry)
            return .released
        }
        return outcome ?? .notHeld
    }

    /// Takes the name away from its holders; see ``LockStore/forceRelease(_:from:)``.
    public func forceRelease(_ name: LockName, from condition: HolderCondition) async throws -> [Holder] {
        let (holders, signals) = try changeOrThrow(name) { line, step -> ([Holder], [LossSignal]) in
            let entries = try line.queue.removeHolders(meantBy: condition, of: name, step.context, &step.news)
            let signals = entries.compactMap { step.state.claims.removeValue(forKey: $0.owner)?.held?.signal }
            return (entries.map(\.holder), signals)
        }
        for signal in signals { signal.raise(.revoked) }
        return holders
    }

    /// Who holds `name` and who waits; see ``LockStore/status(of:)``.
    public func status(of name: LockName) async throws -> LockStatus {
        try changeOrThrow(name) { line, _ -> LockStatus in try self.status(of: name, &line.queue) }
    }

    /// All names in use; see ``LockStore/list()``.
    public func list() async throws -> [LockStatus] {
        let names = state.withLock { Array($0.lines.keys) }.sorted()
        return try names.map { name in
            try changeOrThrow(name) { line, _ -> LockStatus in try self.status(of: name, &line.queue) }
        }.filter { !$0.isIdle }
    }

    /// Ends all waits and gives up all claims; see ``LockStore/close()``.
    public func close() async {
        let claims = state.withLock { state in
            defer { state = State(lastToken: state.lastToken, isClosed: true) }
            return Array(state.claims.values)
        }
        timers.close()
        for claim in claims { claim.slot?.finish(.closed) }
        for claim in claims { claim.held?.signal.raise(.closed) }
    }
}
