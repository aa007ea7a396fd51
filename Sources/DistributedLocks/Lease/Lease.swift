/// A lock that is held: the proof, how long it counts, and the way to give it back.
///
/// A lease is renewed in the background for as long as it is referenced. When it is dropped without having been released
/// it is released, and a warning is logged.
public final class Lease: Sendable {
    let record: LeaseRecord
    private let keeper: LeaseKeeper

    init(record: LeaseRecord, keeper: LeaseKeeper) {
        self.record = record
        self.keeper = keeper
    }

    deinit {
        keeper.abandon(record)
    }

    /// The name that is held.
    public var name: LockName { record.claim.name }

    /// Who holds it, as the store knows it.
    package var owner: OwnerID { record.claim.owner }

    /// How it is held.
    public var mode: LockMode { record.claim.mode }

    /// Grows with every acquisition of this name; pass it along with writes to whatever the lock protects.
    public var fencingToken: FencingToken { record.token }

    /// Who holds it, as others see it.
    public var holder: Holder { record.holder }

    /// Whether the lease may be relied on at this moment, by the clock.
    public var state: LeaseState {
        keeper.checkClock(of: record)
    }

    /// How long the lease is valid from now on if no renewal gets through; zero when it is over, `nil` if it does not
    /// expire.
    public var remaining: Duration? {
        if case .lost = state { return .zero }
        return record.end.map { max(.zero, keeper.clock.now.duration(to: $0)) }
    }

    /// When the lease ends at the latest unless it is renewed, on the store's clock; `nil` if it does not expire.
    public var validUntil: LeaseClock.Instant? { record.end }

    /// Throws if the lease is over. Call it right before a step that must not happen without the lock.
    ///
    /// - Throws: ``LockError/lost(_:_:)``.
    public func checkHeld() throws(LockError) {
        if case .lost(let reason) = state { throw .lost(name, reason) }
    }

    /// The present state, then each change; the latest value counts, older ones that nobody has read are dropped. Ends
    /// after `lost`.
    public var states: LeaseStates {
        LeaseStates(record: record, clock: keeper.clock)
    }

    /// Gives the lock back. Only the first call does anything; every call waits for its result.
    ///
    /// Goes on when the calling task is cancelled, and returns after ``LockConfiguration/releaseTimeout`` at the latest.
    @discardableResult
    public func release() async -> ReleaseResult {
        await keeper.release(record)
    }

    /// Calls `action` when the lease is lost other than by its release, at once if it is already.
    func onLoss(_ action: @escaping @Sendable () -> Void) -> Int {
        record.observe(at: keeper.clock.now) { state in
            if case .lost(let reason) = state, reason != .released { action() }
        }
    }
}
