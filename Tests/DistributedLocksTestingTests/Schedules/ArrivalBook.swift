import DistributedLocks

/// Sits right in front of a store and writes down in which order requests reach it, and what they are granted.
///
/// An actor, so that nobody comes between the entry in the book and the store's own first step.
actor ArrivalBook: LockStore {
    struct Arrival: Sendable {
        let claim: LockClaim
        var token: FencingToken?
    }

    nonisolated let base: any LockStore
    private var arrivals: [LockName: [Arrival]] = [:]

    init(_ base: any LockStore) {
        self.base = base
    }

    nonisolated var label: String { base.label }
    nonisolated var clock: LeaseClock { base.clock }
    nonisolated var capabilities: StoreCapabilities { base.capabilities }

    func acquire(_ request: LockRequest) async throws -> Acquisition {
        let name = request.claim.name
        let place = arrivals[name, default: []].count
        arrivals[name, default: []].append(Arrival(claim: request.claim))
        let acquisition = try await base.acquire(request)
        if case .granted(let grant) = acquisition { arrivals[name]?[place].token = grant.token }
        return acquisition
    }

    func renew(_ requests: [RenewalRequest]) async -> [Renewal] { await base.renew(requests) }
    func release(_ claim: LockClaim) async throws -> ReleaseOutcome { try await base.release(claim) }
    func status(of name: LockName) async throws -> LockStatus { try await base.status(of: name) }
    func list() async throws -> [LockStatus] { try await base.list() }
    func forceRelease(_ name: LockName, from condition: HolderCondition) async throws -> [Holder] {
        try await base.forceRelease(name, from: condition)
    }
    func close() async { await base.close() }

    /// The claim that was granted with `token`.
    func claim(of name: LockName, token: FencingToken) -> LockClaim? {
        arrivals[name]?.first { $0.token == token }?.claim
    }

    /// First come, first served, with growing tokens: those who were granted have tokens in the order of their arrival.
    ///
    /// - Returns: What is wrong; `nil` if nothing is.
    func disorder() -> String? {
        for (name, arrivals) in arrivals {
            let tokens = arrivals.compactMap(\.token)
            if !zip(tokens, tokens.dropFirst()).allSatisfy(<) {
                return "\(name): in order of arrival, tokens are \(tokens)"
            }
        }
        return nil
    }
}
