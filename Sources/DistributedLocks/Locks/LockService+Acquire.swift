import Logging
import Tracing

extension LockService {
    /// Acquires, on behalf of all lock types.
    func acquire(
        _ lock: DistributedLock,
        patience: Patience,
        onQueued: (@Sendable (Contention) -> Void)? = nil
    ) async throws -> Lease {
        try check(lock)
        try Task.checkCancellation()
        let start = store.clock.now
        if turns.isOver(at: start) { await Task.yield() }
        let request = makeRequest(lock, patience: patience.until(start), onQueued: onQueued)
        let span = LockSpans.startAcquire(request.claim, store: store.label, tracer: configuration.tracer)
        if patience != .none, HeldLeases.current.blocks(lock), let hold = HeldLeases.current.hold(of: lock) {
            configuration.logger.warning(
                "This task waits for itself: \(hold.description)",
                metadata: LockMetadata.of(request.claim)
            )
        }
        do {
            let lease = try await obtain(request, lock: lock, start: start)
            keeper.metrics.acquireEnded(.acquired, after: start.duration(to: store.clock.now))
            LockSpans.end(span, .acquired)
            return lease
        } catch {
            let outcome = AcquireOutcome(error)
            keeper.metrics.acquireEnded(outcome, after: start.duration(to: store.clock.now))
            LockSpans.end(span, outcome, error: error)
            throw error
        }
    }

    /// Asks the store; whatever goes wrong, nothing of the request remains.
    private func obtain(
        _ request: LockRequest,
        lock: DistributedLock,
        start: LeaseClock.Instant
    ) async throws -> Lease {
        let acquisition: Acquisition
        do {
            acquisition = try await store.acquire(request)
            if Task.isCancelled { throw CancellationError() }
        } catch {
            await keeper.withdraw(request.claim, ttl: request.ttl)
            throw naming(lock.name, in: error)
        }
        switch acquisition {
        case .granted(let grant):
            if case .until(let deadline) = grant.validity, deadline <= store.clock.now {
                await keeper.withdraw(request.claim, ttl: request.ttl)
                throw LockError.unreachable(store: store.label, reason: "its answer came after the lease was over")
            }
            let span = LockSpans.startHold(
                grant.claim,
                token: grant.token,
                store: store.label,
                tracer: configuration.tracer
            )
            let lease = keeper.adopt(grant, request: request, options: lock.options, span: span)
            // Lost before anybody could rely on it: no body may even begin.
            if case .lost(let reason) = keeper.handOut(lease) {
                throw reason == .closed ? LockError.closed(store: store.label) : LockError.lost(lock.name, reason)
            }
            return lease
        case .unavailable(var contention):
            contention.heldByCaller = HeldLeases.current.haveBlocked(lock)
            contention.observedAt = configuration.wallClock.now
            if request.patience == .none { throw LockError.busy(lock.name, contention) }
            throw LockError.timedOut(lock.name, after: start.duration(to: store.clock.now), contention)
        }
    }

    /// What a store finds wrong with a request (another number of permits, say) is said with the name of the lock.
    private func naming(_ name: LockName, in error: any Error) -> any Error {
        guard case LockError.invalid(let reason) = error else { return error }
        return LockError.invalid("\"\(name)\" cannot be locked: \(reason)")
    }

    private func makeRequest(
        _ lock: DistributedLock,
        patience: LockRequest.Patience,
        onQueued: (@Sendable (Contention) -> Void)?
    ) -> LockRequest {
        var holder = configuration.holder
        holder.waitingSince = configuration.wallClock.now
        let owner = OwnerID(from: configuration.random)
        return LockRequest(
            claim: LockClaim(name: lock.name, mode: lock.mode, owner: owner),
            holder: holder,
            ttl: lock.options.ttl ?? configuration.ttl,
            patience: patience,
            onQueued: onQueued.map { dated($0) }
        )
    }

    /// Says with what a waiter is told when that was.
    private func dated(_ tell: @escaping @Sendable (Contention) -> Void) -> @Sendable (Contention) -> Void {
        let wallClock = configuration.wallClock
        return { contention in
            var contention = contention
            contention.observedAt = wallClock.now
            tell(contention)
        }
    }

    /// Refuses what cannot work, before anything is sent.
    private func check(_ lock: DistributedLock) throws(LockError) {
        guard !keeper.isClosed else { throw .closed(store: store.label) }
        let capabilities = store.capabilities
        guard capabilities.modes.contains(lock.mode.kind) else {
            throw .unsupported(store: store.label, feature: lock.mode.kind.featureName)
        }
        let ttl = lock.options.ttl ?? configuration.ttl
        if case .expiring(let range) = capabilities.lifetime, !range.contains(ttl) {
            throw .invalid(
                "\(store.label) takes leases from \(range.lowerBound.shortText) to \(range.upperBound.shortText); "
                    + "\(ttl.shortText) was asked for"
            )
        }
        guard ttl > .zero else { throw .invalid("a lease must last longer than nothing") }
        if let label = configuration.holder.label, label.utf8.count > Holder.maximumLabelLength {
            throw .invalid("a label has at most \(Holder.maximumLabelLength) bytes; this one has \(label.utf8.count)")
        }
        guard let atMost = lock.options.holdAtMost else { return }
        guard atMost > .zero else { throw .invalid("holdAtMost must be longer than nothing") }
        if let atLeast = lock.options.holdAtLeast, atLeast > atMost {
            throw .invalid("holdAtLeast (\(atLeast.shortText)) is longer than holdAtMost (\(atMost.shortText))")
        }
    }
}

/// How long a caller is willing to wait.
enum Patience: Hashable {
    case none
    case atMost(Duration)
    case unlimited

    init(timeout: Duration?) {
        self = timeout.map { $0 > .zero ? .atMost($0) : .none } ?? .unlimited
    }

    func until(_ start: LeaseClock.Instant) -> LockRequest.Patience {
        switch self {
        case .none: .none
        case .atMost(let duration): .until(start.advanced(by: duration))
        case .unlimited: .unlimited
        }
    }
}

extension LockMode.Kind {
    fileprivate var featureName: String {
        switch self {
        case .exclusive: "exclusive locks"
        case .shared: "shared locks"
        case .permit: "semaphores"
        }
    }
}
