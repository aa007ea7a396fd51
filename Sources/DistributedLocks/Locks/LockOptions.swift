/// How one lock is held, where the defaults do not fit.
public struct LockOptions: Hashable, Sendable {
    /// How long the lease lasts in the store without being renewed; that of ``LockConfiguration`` by default.
    public var ttl: Duration?

    /// How long the name stays locked at least, even if the work is done sooner; nothing by default.
    ///
    /// For schedules on several machines: with clocks a little apart, the second must still find the job taken.
    ///
    /// A store that can keep a lock by itself (``StoreCapabilities/releasesLater``) does so: once ``Lease/release()`` has
    /// answered ``ReleaseResult/deferred``, or ``LockService/close()`` has returned, the process may end, and the name stays locked for
    /// exactly the rest of the time. With any other store (one whose locks end with the client's session, for example
    /// ZooKeeper) this process keeps the name: it has to stay until ``LockService/drain()`` has returned, and `close()` or the end of
    /// the process frees the name early.
    ///
    /// A lease that is lost is not kept, and neither is a claim that no user got, since its acquire was cancelled or failed.
    public var holdAtLeast: Duration?

    /// How long the name is held at the most; no limit by default. Then the lease is lost (``LossReason/heldTooLong``),
    /// the body is cancelled, and the lock goes to the next.
    public var holdAtMost: Duration?

    /// Whether the scoped forms (`withLock` and the like) may be nested for the same name in one task, to any depth: an inner
    /// one then runs under the outer one's lease, if that has the same mode or is exclusive. Off by default; a nested acquire then
    /// waits for itself, until its timeout. A read lock cannot be upgraded to a write lock in either case, and
    /// ``DistributedLock/acquire(timeout:onQueued:)`` always asks for a lease of its own.
    ///
    /// Re-entrancy is not exclusion between the tasks of one body. Tasks that are started inside the body belong to it, and run
    /// under its lease: two sibling tasks (of a task group, or `async let`) that both nest the lock *overlap*. What they
    /// share needs a `Mutex` or an actor besides. A task that outlives the body (`Task { … }`) must not rely on re-entrancy: what it
    /// nests in time runs under a lease that ends with the body.
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
