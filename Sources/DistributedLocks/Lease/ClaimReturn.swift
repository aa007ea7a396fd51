/// Gives claims back to a store, again and again until it has confirmed that, or cannot hold the claim any more.
struct ClaimReturn: Sendable {
    let store: any LockStore
    let random: RandomSource
    let log: LeaseLog

    /// A store that denies access is not asked more often than this: it may keep a claim, but asking does not help.
    private static let deniedAttempts = 10
    private static let firstPause = Duration.milliseconds(50)
    private static let longestPause = Duration.seconds(5)

    /// Gives `claim` back, be it held, queued, or nothing of the kind.
    ///
    /// - Parameters:
    ///   - claim: What may still be in the store.
    ///   - ttl: The lease it was asked for with. Where leases expire, two of them are enough: a forgotten claim is granted
    ///     and expires, and so may one that waits behind it.
    ///   - keptUntil: Until when the store is to keep what is held; `nil` to have it back at once. What is left of that time is
    ///     computed anew at each attempt.
    /// - Returns: ``ReleaseResult/deferred`` once the store has promised to keep it for the rest of that time;
    ///   ``ReleaseResult/pending`` if the store has not confirmed anything in all that time.
    func run(_ claim: LockClaim, ttl: Duration, keptUntil: LeaseClock.Instant?) async -> ReleaseResult {
        let start = store.clock.now
        var attempts = 0
        while true {
            attempts += 1
            let rest = keptUntil.map { store.clock.now.duration(to: $0) } ?? .zero
            do {
                let isKept = rest > .zero
                let outcome = try await isKept ? store.release(claim, after: rest) : store.release(claim)
                if isKept, outcome == .released { return .deferred }
                // An earlier attempt whose outcome is not known may have been the one that took it away.
                return outcome == .released || attempts > 1 ? .released : .alreadyLost(.removed)
            } catch {
                if let result = finalResult(error, attempts: attempts) { return result }
                log.releaseFailed(claim, error)
            }
            if case .expiring = store.capabilities.lifetime, store.clock.now >= start.advanced(by: ttl * 2) {
                return .pending
            }
            // What is to be kept is not renewed meanwhile: the store must hear of it well before the lease is over.
            let longest = rest > .zero ? min(Self.longestPause, max(Self.firstPause, ttl / 10)) : Self.longestPause
            let pause = min(longest, Self.firstPause * (1 << min(attempts - 1, 7)))
            try? await store.clock.sleep(for: pause / 2 + random.jitter(upTo: pause / 2))
        }
    }

    /// What to make of an error after which asking again is of no use; `nil` if it is.
    private func finalResult(_ error: any Error, attempts: Int) -> ReleaseResult? {
        switch error {
        case LockError.closed: .alreadyLost(.closed)
        case LockError.invalid, LockError.unsupported: .alreadyLost(.removed)
        case LockError.denied: attempts >= Self.deniedAttempts ? .pending : nil
        default: nil
        }
    }
}
