/// How one lock is held, where the defaults do not fit.
public struct LockOptions: Hashable, Sendable {
    /// How long the lease lasts in the store without being renewed; that of ``LockConfiguration`` by default.
    public var ttl: Duration?

    /// How long the name stays locked at least, even if the work is done sooner; nothing by default.
    ///
    /// For schedules on several machines: with clocks a little apart, the second must still find the job taken.
    public var holdAtLeast: Duration?

    /// How long the name is held at the most; no limit by default. Then the lease is lost (``LossReason/heldTooLong``),
    /// the body is cancelled, and the lock goes to the next.
    public var holdAtMost: Duration?

    /// Whether the scoped forms (`withLock` and the like) may be nested for the same name in one task: the inner one then
    /// runs under the outer one's lease. Off by default; a nested acquire then waits for itself, until its timeout.
    ///
    /// Tasks that are started inside the body belong to it. One that outlives the body (`Task { … }`) must not rely on
    /// this: what it nests in time runs under a lease that ends with the body.
    public var reentrant: Bool

    /// Describes how to hold a lock.
    public init(
        ttl: Duration? = nil,
        holdAtLeast: Duration? = nil,
        holdAtMost: Duration? = nil,
        reentrant: Bool = false
    ) {
        self.ttl = ttl
        self.holdAtLeast = holdAtLeast
        self.holdAtMost = holdAtMost
        self.reentrant = reentrant
    }
}
