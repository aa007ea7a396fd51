public import DistributedLocks
import Synchronization

/// A store behind a bad line: passes everything on to another store, except where it has been told to let things go wrong.
///
/// ```swift
/// let store = FaultyStore(MemoryStore(clock: clock.leaseClock, lifetime: .expiring(.seconds(1)...(.seconds(60)))))
/// try store.inject(.lostReply, into: .acquire)            // the next acquire
/// try store.keepInjecting(.lostRequest, into: [.renew])   // every renewal, until heal()
/// ```
///
/// What cannot happen to the store behind the line is refused with `LockError.unsupported(store:feature:)`: nothing is ever
/// renewed in a `MemoryStore()` whose leases do not expire, so a test that lets its renewals fail would pass without testing
/// anything.
///
/// Several of them on one store are several clients with a line each.
public final class FaultyStore: LockStore {
    /// What can be asked of a store.
    public enum Operation: Hashable, Sendable, CaseIterable {
        /// `LockStore.acquire(_:)`
        case acquire
        /// `LockStore.renew(_:)`
        case renew
        /// `LockStore.release(_:)`
        case release
        /// `LockStore.release(_:after:)`
        case releaseLater
        /// `LockStore.status(of:)`
        case status
        /// `LockStore.list()`
        case list
        /// `LockStore.forceRelease(_:from:)`
        case forceRelease
    }

    struct State {
        var script = FaultScript()
        var isCutOff = false
        var signals: [OwnerID: LossSignal] = [:]
        var waits: [UInt64: Task<Acquisition, any Error>] = [:]
        var nextWait: UInt64 = 0
    }

    /// The store behind the line.
    public let base: any LockStore
    let state = Mutex(State())
    let gate = Gate()

    /// Puts a line in front of `base`. Nothing goes wrong on it yet.
    public init(_ base: any LockStore) {
        self.base = base
    }

    /// That of the store behind the line.
    public var label: String { base.label }
    /// That of the store behind the line.
    public var clock: LeaseClock { base.clock }
    /// Those of the store behind the line.
    public var capabilities: StoreCapabilities { base.capabilities }
    /// That of the store behind the line.
    public var executor: (any TaskExecutor)? { base.executor }

    /// Takes the claim, or waits for it, unless something goes wrong; see `LockStore.acquire(_:)`.
    public func acquire(_ request: LockRequest) async throws -> Acquisition {
        let fault = try await send(.acquire)
        let acquisition = try await connected(request)
        try await reply(fault)
        guard case .granted(let grant) = acquisition else { return acquisition }
        return .granted(signalling(grant))
    }

    /// Extends claims, unless something goes wrong; see `LockStore.renew(_:)`.
    public func renew(_ requests: [RenewalRequest]) async -> [Renewal] {
        do {
            let fault = try await send(.renew)
            let renewals = await base.renew(requests)
            try await reply(fault)
            return renewals
        } catch let error as LockError {
            return requests.map { _ in .unknown(error) }
        } catch {
            return requests.map { _ in .unknown(unreachable("the request was cancelled")) }
        }
    }

    /// Gives a claim back, unless something goes wrong; see `LockStore.release(_:)`.
    public func release(_ claim: LockClaim) async throws -> ReleaseOutcome {
        let fault = try await send(.release)
        let outcome = try await base.release(claim)
        state.withLock { _ = $0.signals.removeValue(forKey: claim.owner) }
        try await reply(fault)
        return outcome
    }

    /// Has the store give a claim back later, unless something goes wrong; see `LockStore.release(_:after:)`.
    public func release(_ claim: LockClaim, after delay: Duration) async throws -> ReleaseOutcome {
        let fault = try await send(.releaseLater)
        let outcome = try await base.release(claim, after: delay)
        state.withLock { _ = $0.signals.removeValue(forKey: claim.owner) }
        try await reply(fault)
        return outcome
    }

    /// Who holds `name` and who waits, unless something goes wrong; see `LockStore.status(of:)`.
    public func status(of name: LockName) async throws -> LockStatus {
        let fault = try await send(.status)
        let status = try await base.status(of: name)
        try await reply(fault)
        return status
    }

    /// All names in use, unless something goes wrong; see `LockStore.list()`.
    public func list() async throws -> [LockStatus] {
        let fault = try await send(.list)
        let list = try await base.list()
        try await reply(fault)
        return list
    }

    /// Takes the name away from its holders, unless something goes wrong; see `LockStore.forceRelease(_:from:)`.
    public func forceRelease(_ name: LockName, from condition: HolderCondition) async throws -> [Holder] {
        let fault = try await send(.forceRelease)
        let holders = try await base.forceRelease(name, from: condition)
        try await reply(fault)
        return holders
    }

    /// Closes the store behind the line, and lets everybody go on who is held up.
    public func close() async {
        await base.close()
        gate.open()
    }
}

extension FaultyStore {
    /// The way to the store.
    ///
    /// - Returns: What will go wrong on the way back.
    private func send(_ operation: Operation) async throws -> Fault? {
        let fault = state.withLock { $0.script.fault(for: operation) }
        try checkLine()
        switch fault {
        case .lostRequest: throw unreachable("the request was lost")
        case .refusal(let error): throw error
        case .stalledRequest: try await gate.pass()
        case .delayedRequest(let delay): try await clock.sleep(for: delay)
        case .lostReply, .stalledReply, .delayedReply, nil: return fault
        }
        try checkLine()
        return fault
    }

    /// The way back.
    private func reply(_ fault: Fault?) async throws {
        switch fault {
        case .lostReply: throw unreachable("the reply was lost")
        case .stalledReply: try await gate.pass()
        case .delayedReply(let delay): try await clock.sleep(for: delay)
        default: break
        }
        try checkLine()
    }

    private func checkLine() throws {
        if state.withLock({ $0.isCutOff }) { throw unreachable("the line is cut off") }
    }

    private func unreachable(_ reason: String) -> LockError { .unreachable(store: label, reason: reason) }

    /// Waits in the store behind the line for as long as there is one.
    private func connected(_ request: LockRequest) async throws -> Acquisition {
        let base = base
        let wait = Task { try await base.acquire(request) }
        let number = state.withLock { state in
            state.nextWait += 1
            state.waits[state.nextWait] = wait
            if state.isCutOff { wait.cancel() }
            return state.nextWait
        }
        defer { state.withLock { _ = $0.waits.removeValue(forKey: number) } }
        do {
            return try await withTaskCancellationHandler {
                try await wait.value
            } onCancel: {
                wait.cancel()
            }
        } catch is CancellationError where !Task.isCancelled {
            throw unreachable("the line is cut off")
        }
    }

    /// The grant, with a signal that can be raised from here.
    private func signalling(_ grant: Grant) -> Grant {
        let signal = grant.lossSignal ?? LossSignal()
        state.withLock { $0.signals[grant.claim.owner] = signal }
        return Grant(claim: grant.claim, token: grant.token, validity: grant.validity, lossSignal: signal)
    }
}
