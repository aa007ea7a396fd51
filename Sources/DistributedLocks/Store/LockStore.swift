/// The seam between the core and whatever keeps the locks.
///
/// A store grants claims, renews them in batches, and takes them back; everything that users see (leases, renewal, loss,
/// deadlines, scoped bodies) is built on top by the core. Run the conformance suite of `DistributedLocksTesting` on an
/// implementation: it asks for every promise below.
///
/// A store never calls into the core, and the core never knows a store by name.
public protocol LockStore: Sendable {
    /// Where the locks are, for messages and metrics: for example `redis://db1:6379`. Never contains a secret.
    var label: String { get }

    /// The clock on which the store measures deadlines; the core uses the same.
    var clock: LeaseClock { get }

    /// What the store can do.
    var capabilities: StoreCapabilities { get }

    /// Where the core runs what it does for this store in the background (releases, renewals), and where callers may run
    /// their tasks too if thread switches matter to them; `nil` if it makes no difference.
    ///
    /// What runs there must not block.
    var executor: (any TaskExecutor)? { get }

    /// Takes the claim, or waits for it as long as the request's patience lasts.
    ///
    /// - Waits without polling the caller's thread, in the order that ``StoreCapabilities/ordering`` promises.
    /// - Ends at once with `CancellationError` when the task is cancelled. What the request left in the store then, or
    ///   when any other error is thrown, is removed by the core, which calls ``release(_:)`` until it succeeds (or, where leases expire, two
    ///   leases have passed).
    /// - An attempt with ``LockRequest/Patience/none`` takes the claim only if nobody waits for it already, unless the
    ///   store is ``StoreCapabilities/Ordering/unordered``.
    ///
    /// - Throws: ``LockError`` (unreachable, denied, …) or `CancellationError`.
    func acquire(_ request: LockRequest) async throws -> Acquisition

    /// Extends leases that expire, all of them in one exchange where the protocol allows it.
    ///
    /// Compares the owner, and never brings a lost claim back.
    ///
    /// - Returns: One answer for each request, in the same order.
    func renew(_ requests: [RenewalRequest]) async -> [Renewal]

    /// Gives back a claim that is held, or withdraws one that is queued, and hands the name to whoever is next.
    ///
    /// Idempotent, and compares the owner: it is called for claims that may never have reached the store. Once it has
    /// returned, the store holds nothing of the claim and will not accept a late copy of its request.
    ///
    /// - Throws: ``LockError`` when the outcome is not known; the core calls again.
    func release(_ claim: LockClaim) async throws -> ReleaseOutcome

    /// Has the store give back a held claim by itself once `delay` has passed, whatever becomes of this process and of the
    /// store object meanwhile; until then the name stays locked.
    ///
    /// Idempotent, and compares the owner. The claim need not be renewed any more, and its end is no loss. Only if the
    /// capabilities say so.
    ///
    /// - Returns: ``ReleaseOutcome/notHeld`` if the claim is not held; then nothing is kept.
    /// - Throws: ``LockError`` when the outcome is not known; the core calls again, with what is left of the delay.
    func release(_ claim: LockClaim, after delay: Duration) async throws -> ReleaseOutcome

    /// Who holds `name` and who waits for it.
    func status(of name: LockName) async throws -> LockStatus

    /// All names that are held or waited for, in byte order.
    func list() async throws -> [LockStatus]

    /// Takes `name` away from the holders that `condition` means, and hands it to whoever is next.
    ///
    /// The condition is checked in the same step that takes the name away.
    ///
    /// - Returns: Who was cut off; empty if nobody holds the name.
    /// - Throws: ``LockError/busy(_:_:)``, with the holders, if the name is held, but by none that is meant.
    func forceRelease(_ name: LockName, from condition: HolderCondition) async throws -> [Holder]

    /// Ends the store: waits end with ``LockError/closed(store:)``, claims that are still held are given up.
    func close() async
}

extension LockStore {
    /// For stores to which it makes no difference.
    public var executor: (any TaskExecutor)? { nil }

    /// For stores whose leases do not expire: everything is still held.
    public func renew(_ requests: [RenewalRequest]) async -> [Renewal] {
        requests.map { _ in .confirmed(.unlimited) }
    }

    /// For stores that cannot list their names.
    ///
    /// - Throws: ``LockError/unsupported(store:feature:)``, always.
    public func list() async throws -> [LockStatus] {
        throw LockError.unsupported(store: label, feature: "listing names")
    }

    /// For stores that cannot cut off a holder.
    ///
    /// - Throws: ``LockError/unsupported(store:feature:)``, always.
    public func forceRelease(_ name: LockName, from condition: HolderCondition) async throws -> [Holder] {
        throw LockError.unsupported(store: label, feature: "forced release")
    }

    /// For stores that cannot keep a claim without a process.
    ///
    /// - Throws: ``LockError/unsupported(store:feature:)``, always.
    public func release(_ claim: LockClaim, after delay: Duration) async throws -> ReleaseOutcome {
        throw LockError.unsupported(store: label, feature: "keeping a lock without its process")
    }
}
