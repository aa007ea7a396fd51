public import DistributedLocks
import Synchronization

extension ZooKeeperStore {
    /// Takes the claim, or waits in the queue for it; see `LockStore.acquire`.
    public func acquire(_ request: LockRequest) async throws -> Acquisition {
        try Task.checkCancellation()
        guard !isClosed.load(ordering: .sequentiallyConsistent) else { throw LockError.closed(store: label) }
        let plan = try plan(for: request)
        keeper.enter()
        defer { keeper.leave() }
        return try await run(Attempt(request, plan, now: clock.now, usual: configuration.requestTimeout))
    }

    private func plan(for request: LockRequest) throws(LockError) -> ClaimPlan {
        let directory = try paths.path(of: request.claim.name)
        return ClaimPlan(
            directory: directory,
            names: NodeNames(request.claim.owner, naming: configuration.naming),
            data: NodeText.bytes(request.claim.owner, request.holder),
            access: [access],
            directoryMode: configuration.naming == .curator ? .container : .persistent
        )
    }

    var access: AccessRule { configuration.access == .open ? .open : .creator }
}

/// One acquire under way.
private struct Attempt {
    let request: LockRequest
    let plan: ClaimPlan
    /// Until when the claim has to be queued, or be answered.
    let deadline: LeaseClock.Instant
    /// Until when the caller waits at the most, and whatever is under way then; `nil` if for ever.
    let end: LeaseClock.Instant?

    /// How much longer than the caller's patience an answer may take that is under way.
    private static let grace = Duration.seconds(1)

    /// Begins now.
    init(_ request: LockRequest, _ plan: ClaimPlan, now: LeaseClock.Instant, usual: Duration) {
        self.request = request
        self.plan = plan
        if case .until(let instant) = request.patience {
            end = max(instant, now).advanced(by: Self.grace)
        } else {
            end = nil
        }
        let usualEnd = now.advanced(by: usual)
        deadline = end.map { min($0, usualEnd) } ?? usualEnd
    }
}

/// What has ended a wait.
private enum Wakening {
    case woken
    case outOfTime
    case closed
}

/// What ends a wait: the watch that is set by one of the requests of a step.
private struct Alarm: Sendable {
    let slot = WaitSlot<Wakening>()
    let watch: Watch
    /// Where the watch is.
    let path: String

    init(at path: String) {
        let slot = slot
        watch = Watch { _ in slot.finish(.woken) }
        self.path = path
    }
}

extension ZooKeeperStore {
    /// How long to wait before asking the same again.
    private static let pause = Duration.milliseconds(50)

    /// Goes from step to step until the claim is held, or cannot be had.
    private func run(_ attempt: Attempt) async throws -> Acquisition {
        let owner = attempt.request.claim.owner
        var contender = Contender(
            attempt.plan,
            isImpatient: attempt.request.patience == .none,
            describesHolder: attempt.request.onQueued != nil
        )
        var alarm: Alarm?
        // A repeated request: what was made for the first one counts.
        var step = traces[owner] == nil ? contender.begin() : contender.search()
        while true {
            switch step {
            case .send(let operations):
                alarm = operations.lazy.compactMap(\.watchedPath).first.map { Alarm(at: $0) }
                step = contender.answered(try await send(operations, for: attempt, contender, alarm?.watch))
                if !step.isRest, let alarm { forget(alarm) }
                if let own = contender.own { traces[owner] = .known(own.paths) }
            case .makeRoot:
                try await makeRoot(until: attempt.deadline)
                step = contender.rootMade()
            case .queued(let contention):
                attempt.request.onQueued?(contention)
                step = contender.wait()
            case .wait: step = try await wait(&contender, attempt.request.patience, alarm)
            case .holding(let ownership):
                if let grant = grant(attempt.request, ownership) { return .granted(grant) }
                // A session that is over makes itself known with the next answer. If it lives and even so is not proved to, one
                // question more is of use only a while later.
                if contender.isConfirmed { try await clock.sleep(for: Self.pause) }
                step = contender.confirm()
            case .left(let contention):
                traces[owner] = nil
                return .unavailable(contention)
            case .failed(let failure):
                // There is nothing to look for, and be turned down again.
                if contender.isTurnedDown { traces[owner] = nil }
                guard try await isWorthAnother(failure, attempt) else { throw translate(failure) }
                step = contender.search()
            }
        }
    }

    private func makeRoot(until deadline: LeaseClock.Instant) async throws {
        do {
            try await client.makeChroot(access: access, until: deadline)
        } catch {
            throw translate(error)
        }
    }

    /// Sends what the contender wants. What it makes is noted before it can be made.
    private func send(
        _ operations: [Operation],
        for attempt: Attempt,
        _ contender: Contender,
        _ watch: Watch?
    ) async throws -> [Exchange.Outcome] {
        if isClosed.load(ordering: .relaxed) { throw LockError.closed(store: label) }
        let owner = attempt.request.claim.owner
        let requests = operations.map { ($0, $0.watchedPath == nil ? nil : watch) }
        while true {
            let deadline = deadline(of: attempt, contender)
            guard clock.now < deadline else { throw translate(RequestFailure.overdue) }
            do {
                return try await client.send(requests, until: deadline) { [traces] in
                    // Also if other nodes are known: those are gone, or there would not be new ones.
                    if operations.contains(where: \.makesNodes) { traces[owner] = .uncertain }
                }
            } catch LockError.unreachable where contender.hasQueued && clock.now < self.deadline(of: attempt, contender)
            {
                continue
            } catch {
                throw translate(error)
            }
        }
    }

    /// Until when a request has to be answered: whoever is queued can wait for servers to come back.
    private func deadline(of attempt: Attempt, _ contender: Contender) -> LeaseClock.Instant {
        guard contender.hasQueued else { return attempt.deadline }
        let usual = clock.now.advanced(by: configuration.requestTimeout)
        return attempt.end.map { min($0, usual) } ?? usual
    }

    /// Waits for the node before ours to go.
    private func wait(
        _ contender: inout Contender,
        _ patience: LockRequest.Patience,
        _ alarm: Alarm?
    ) async throws -> Contender.Step {
        // Nobody waits without a watch.
        guard let alarm else { return contender.woken() }
        let slot = alarm.slot
        var ticket: Timers.Ticket?
        if case .until(let end) = patience { ticket = timers.schedule(at: end) { slot.finish(.outOfTime) } }
        defer { if let ticket { timers.cancel(ticket) } }
        let number = waiting.enter { slot.finish(.closed) }
        defer { waiting.leave(number) }
        var wasWoken = false
        defer { if !wasWoken { forget(alarm) } }
        switch try await slot.outcome() {
        case .woken:
            wasWoken = true
            return contender.woken()
        case .outOfTime: return contender.outOfTime()
        case .closed: throw LockError.closed(store: label)
        }
    }

    /// Nobody waits for a node any more: whoever asks again and again would have more and more to be told.
    private func forget(_ alarm: Alarm) {
        client.forget(alarm.watch, at: alarm.path)
    }

    /// Hands the lock out, if the session certainly lives for a while.
    private func grant(_ request: LockRequest, _ ownership: Ownership) -> Grant? {
        let (view, now) = (client.view, clock.now)
        guard let deadline = view.deadline(ofLockIn: ownership.sessionID, at: now) else { return nil }
        let signal = LossSignal()
        guard hold(request.claim.owner, ownership, signal) else { return nil }
        if view.isShort(deadline, at: now) { keeper.hurry() }
        return Grant(
            claim: request.claim,
            token: FencingToken(rawValue: UInt64(bitPattern: ownership.czxid)),
            validity: .until(deadline),
            lossSignal: signal
        )
    }

    /// Whether a failure is one that passes.
    private func isWorthAnother(_ failure: Contender.ContenderFailure, _ attempt: Attempt) async throws -> Bool {
        guard case .server(let error) = failure, error.isTransient, clock.now < attempt.deadline else { return false }
        try await clock.sleep(for: Self.pause)
        return true
    }
}

extension Operation {
    /// Whether it makes nodes that have to be removed again.
    fileprivate var makesNodes: Bool {
        switch self {
        case .create(_, _, _, .ephemeralSequential): true
        case .multi(let operations): operations.contains { if case .create = $0 { true } else { false } }
        default: false
        }
    }
}

extension Contender.Step {
    /// Whether a watch that was set counts: what comes next is a wait.
    fileprivate var isRest: Bool {
        switch self {
        case .queued, .wait: true
        default: false
        }
    }
}
