/// What a store can do. The core refuses anything else with ``LockError/unsupported(store:feature:)`` before it sends a
/// request.
public struct StoreCapabilities: Hashable, Sendable {
    /// In which order waiters are served.
    public enum Ordering: Hashable, Sendable {
        /// First come, first served, exactly.
        case fifo
        /// No promise.
        case unordered
    }

    /// What ends a lease whose holder is silent.
    public enum Lifetime: Hashable, Sendable {
        /// Nothing but the end of the holding process (or of the store object).
        case process
        /// A time to live within these bounds, renewed by the core.
        case expiring(ClosedRange<Duration>)
        /// The end of the store's session with its servers, which is this long after they have heard of the client last. The
        /// store keeps the session alive by itself; no time to live that is asked for plays a part. Grants count until a deadline
        /// that the store moves on, and ``LockStore/renew(_:)`` tells.
        case session(timeout: Duration)
    }

    /// The modes that the store can grant.
    public var modes: Set<LockMode.Kind>
    /// In which order waiters are served.
    public var ordering: Ordering
    /// What ends a silent lease.
    public var lifetime: Lifetime
    /// Whether ``LockStore/list()`` works.
    public var listsNames: Bool
    /// Whether ``LockStore/forceRelease(_:from:)`` works.
    public var forcesRelease: Bool
    /// Whether a holder is told when somebody else ends its claim.
    public var signalsLoss: Bool
    /// Whether ``LockStore/release(_:after:)`` works.
    public var releasesLater: Bool

    /// Describes a store.
    public init(
        modes: Set<LockMode.Kind>,
        ordering: Ordering,
        lifetime: Lifetime,
        listsNames: Bool,
        forcesRelease: Bool,
        signalsLoss: Bool,
        releasesLater: Bool = false
    ) {
        self.modes = modes
        self.ordering = ordering
        self.lifetime = lifetime
        self.listsNames = listsNames
        self.forcesRelease = forcesRelease
        self.signalsLoss = signalsLoss
        self.releasesLater = releasesLater
    }
}
