import DistributedLocks

/// A small store of its own making, as somebody else might write one: right in every respect, but for its flaw.
actor ToyStore: LockStore {
    struct Entry {
        let claim: LockClaim
        var holder = Holder()
        var ttl = Duration.zero
        var grant: Grant?
        var expiry: LeaseClock.Instant?
        /// Whether the store gives it back by itself when it expires.
        var isKept = false
    }

    struct Queue {
        var holders: [Entry] = []
        var waiters: [Entry] = []

        func canHold(_ mode: LockMode, _ flaw: Flaw?) -> Bool {
            if flaw == .mixesModes, holders.contains(where: { $0.claim.mode.kind != mode.kind }) { return true }
            switch mode {
            case .exclusive: return holders.isEmpty || flaw == .grantsTwice
            case .shared: return holders.allSatisfy { $0.claim.mode == .shared }
            case .permit(let limit):
                let room = flaw == .onePermitTooMany ? limit + 1 : limit
                return holders.count < room && holders.allSatisfy { $0.claim.mode.kind == .permit }
            }
        }
    }

    nonisolated let label = "toy:"
    nonisolated let clock: LeaseClock
    nonisolated let capabilities: StoreCapabilities
    nonisolated let flaw: Flaw?
    var queues: [String: Queue] = [:]
    var names: [String: LockName] = [:]
    var lastToken: UInt64 = 0
    var waits: [OwnerID: CheckedContinuation<Result<Acquisition, any Error>, Never>] = [:]
    var isClosed = false

    init(_ flaw: Flaw? = nil, clock: LeaseClock, expires: Bool) {
        self.clock = clock
        self.flaw = flaw
        capabilities = StoreCapabilities(
            modes: Set(LockMode.Kind.allCases),
            ordering: .fifo,
            lifetime: Self.lifetime(flaw, expires: expires),
            listsNames: flaw != .hidesAbilities,
            forcesRelease: flaw != .hidesAbilities,
            signalsLoss: flaw != .hidesAbilities,
            releasesLater: flaw != .hidesAbilities
        )
    }

    /// How long a session lives, for flaws of stores that have one.
    static let timeout = Duration.seconds(10)

    private static func lifetime(_ flaw: Flaw?, expires: Bool) -> StoreCapabilities.Lifetime {
        switch flaw {
        case .sessionStandsStill, .sessionResurrects: .session(timeout: timeout)
        case .expiresUnasked: .process
        default: expires ? .expiring(.milliseconds(10)...(.seconds(3_600))) : .process
        }
    }

    func acquire(_ request: LockRequest) async throws -> Acquisition {
        if flaw == .acceptsLateRequests {
            let late = Task {
                for _ in 0..<8 { await Task.yield() }
                return try await self.arrive(request)
            }
            for _ in 0..<4 { await Task.yield() }
            try Task.checkCancellation()
            return try await withTaskCancellationHandler {
                try await late.value
            } onCancel: {
                late.cancel()
            }
        }
        try Task.checkCancellation()
        if flaw == .tellsWaitersTooEarly { request.onQueued?(Contention()) }
        return try await arrive(request)
    }

    private func arrive(_ request: LockRequest) async throws -> Acquisition {
        if isClosed, flaw != .grantsAfterClose { throw LockError.closed(store: label) }
        let claim = request.claim
        prune(claim.name)
        var queue = self[claim.name]
        if flaw != .countsRepeatedRequests,
            let held = queue.holders.first(where: { $0.claim == claim }), let grant = held.grant
        {
            return .granted(grant)
        }
        if flaw != .ignoresPermitLimit { try checkLimit(claim.mode, queue) }
        let entry = Entry(claim: claim, holder: request.holder, ttl: request.ttl)
        let isQueued = flaw != .countsRepeatedWaits && queue.waiters.contains { $0.claim == claim }
        if !isQueued, queue.waiters.isEmpty || mayBarge(request), queue.canHold(claim.mode, flaw) {
            let grant = admit(entry, &queue)
            self[claim.name] = queue
            return .granted(grant)
        }
        let contention = contention(of: claim, queue)
        guard request.patience != .none || flaw == .queuesTries else { return .unavailable(contention) }
        if !isQueued { queue.waiters.insert(entry, at: flaw == .servesLastFirst ? 0 : queue.waiters.count) }
        self[claim.name] = queue
        if request.patience == .none { return .unavailable(contention) }
        if flaw != .tellsNoWaiter { request.onQueued?(contention) }
        if flaw == .tellsEveryWaiterTwice { request.onQueued?(contention) }
        return try await wait(for: request)
    }

    private func mayBarge(_ request: LockRequest) -> Bool {
        switch flaw {
        case .triesBarge: request.patience == .none
        case .starvesWriters: request.claim.mode == .shared
        default: false
        }
    }

    private func wait(for request: LockRequest) async throws -> Acquisition {
        let claim = request.claim
        if case .until(let deadline) = request.patience, flaw != .ignoresDeadlines {
            let now = clock.now
            let early = flaw == .endsWaitsEarly ? now.duration(to: deadline) / 3 : .zero
            let clock = clock
            Task {
                try await clock.sleep(until: deadline.advanced(by: .zero - early))
                self.timeOut(claim)
            }
        }
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { waits[claim.owner] = $0 }
        } onCancel: {
            Task { await self.cancel(claim) }
        }
        return try result.get()
    }

    private func cancel(_ claim: LockClaim) {
        if flaw != .ignoresCancellation { end(claim.owner, .failure(CancellationError())) }
    }

    private func timeOut(_ claim: LockClaim) {
        var queue = self[claim.name]
        guard waits[claim.owner] != nil else {
            if flaw == .dropsGrantsAtDeadline { _ = remove(claim) }
            return
        }
        let contention = contention(of: claim, queue)
        queue.waiters.removeAll { $0.claim == claim && flaw != .keepsTimedOutWaiters }
        self[claim.name] = queue
        end(claim.owner, .success(.unavailable(contention)))
        if flaw != .stallsBehindTimeouts { promote(claim.name) }
    }

    func end(_ owner: OwnerID, _ result: Result<Acquisition, any Error>) {
        waits.removeValue(forKey: owner)?.resume(returning: result)
    }

    func close() async {
        isClosed = true
        queues = [:]
        guard flaw != .closeLeavesWaits else { return }
        for owner in waits.keys { end(owner, .failure(LockError.closed(store: label))) }
    }
}
