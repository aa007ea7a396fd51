import DistributedLocksTesting
import Synchronization

@testable import DistributedLocks

/// A door that stays shut until it is told to open; waiting at it is not ended by cancellation.
struct Gate: Sendable {
    private let latch = Latch<Void>()

    /// What notes who waits here, for calls of a ``ScriptedStore``.
    @TaskLocal static var register: (@Sendable (Latch<Void>) -> Void)?

    func pass() async {
        Gate.register?(latch)
        _ = await latch.value(for: latch.enter())
    }

    func open() { latch.open(()) }
}

/// A store that grants everything, confirms everything and takes everything back, unless a test says otherwise; and that
/// writes down what it was asked.
final class ScriptedStore: LockStore {
    typealias Acquiring = @Sendable (LockRequest) async throws -> Acquisition
    typealias Renewing = @Sendable ([RenewalRequest]) async -> [Renewal]
    typealias Releasing = @Sendable (LockClaim) async throws -> ReleaseOutcome
    typealias Keeping = @Sendable (LockClaim, Duration) async throws -> ReleaseOutcome

    private struct Scripts {
        var acquire: Acquiring?
        var renew: Renewing?
        var release: Releasing?
        var keep: Keeping?
        var lastToken: UInt64 = 0
        /// Where renewals and releases have been held up.
        var gates: [Latch<Void>] = []
    }

    let label = "scripted:"
    let clock: LeaseClock
    let capabilities: StoreCapabilities
    let acquired = Recorder<LockRequest>()
    let renewed = Recorder<[RenewalRequest]>()
    let released = Recorder<LockClaim>()
    /// Claims that were to be given back later, and after how long.
    let kept = Recorder<(claim: LockClaim, delay: Duration)>()
    let closed = Recorder<Bool>()
    private let scripts = Mutex(Scripts())

    init(
        clock: LeaseClock,
        modes: Set<LockMode.Kind> = Set(LockMode.Kind.allCases),
        lifetime: StoreCapabilities.Lifetime = .expiring(.milliseconds(10) ... .seconds(3_600)),
        listsNames: Bool = false,
        releasesLater: Bool = false
    ) {
        self.clock = clock
        capabilities = StoreCapabilities(
            modes: modes,
            ordering: .fifo,
            lifetime: lifetime,
            listsNames: listsNames,
            forcesRelease: false,
            signalsLoss: true,
            releasesLater: releasesLater
        )
    }

    func onAcquire(_ script: @escaping Acquiring) { scripts.withLock { $0.acquire = script } }
    func onRenew(_ script: @escaping Renewing) { scripts.withLock { $0.renew = script } }
    func onRelease(_ script: @escaping Releasing) { scripts.withLock { $0.release = script } }
    func onKeep(_ script: @escaping Keeping) { scripts.withLock { $0.keep = script } }

    func acquire(_ request: LockRequest) async throws -> Acquisition {
        acquired.add(request)
        if let script = scripts.withLock({ $0.acquire }) { return try await script(request) }
        return .granted(grant(request))
    }

    func renew(_ requests: [RenewalRequest]) async -> [Renewal] {
        renewed.add(requests)
        if let script = scripts.withLock({ $0.renew }) {
            return await Gate.$register.withValue({ self.hold(at: $0) }) { await script(requests) }
        }
        return requests.map { .confirmed(validity($0.ttl)) }
    }

    func release(_ claim: LockClaim) async throws -> ReleaseOutcome {
        released.add(claim)
        if let script = scripts.withLock({ $0.release }) {
            return try await Gate.$register.withValue({ self.hold(at: $0) }) { try await script(claim) }
        }
        return .released
    }

    func release(_ claim: LockClaim, after delay: Duration) async throws -> ReleaseOutcome {
        kept.add((claim, delay))
        if let script = scripts.withLock({ $0.keep }) {
            return try await Gate.$register.withValue({ self.hold(at: $0) }) { try await script(claim, delay) }
        }
        return .released
    }

    func status(of name: LockName) async throws -> LockStatus { LockStatus(name: name) }

    func close() async { closed.add(true) }

    private func hold(at gate: Latch<Void>) { scripts.withLock { $0.gates.append(gate) } }

    /// How many renewals and releases wait at a gate that is shut. One that only has not returned yet is about to.
    var inFlight: Int { scripts.withLock { $0.gates.count { $0.current == nil } } }

    /// What the store grants by default, as confirmed now.
    func grant(_ request: LockRequest, lossSignal: LossSignal? = nil) -> Grant {
        let token = scripts.withLock { scripts in
            scripts.lastToken += 1
            return scripts.lastToken
        }
        return Grant(
            claim: request.claim,
            token: FencingToken(rawValue: token),
            validity: validity(request.ttl),
            lossSignal: lossSignal
        )
    }

    func validity(_ ttl: Duration) -> Grant.Validity {
        guard case .expiring = capabilities.lifetime else { return .unlimited }
        return .until(LeaseTerm(ttl: ttl).deadline(confirmedBySending: clock.now))
    }

    var unreachable: LockError { .unreachable(store: label, reason: "no answer") }
}
