/// One lock: a name in a store, in one mode. Cheap to make, free to copy; nothing happens until it is acquired.
///
/// The scoped forms ``withLock(timeout:_:)`` and ``withLockIfAvailable(_:)`` release in every case and cancel the body when
/// the lease is lost; prefer them to ``acquire(timeout:onQueued:)``.
public struct DistributedLock: Sendable {
    let service: LockService
    /// The name that is locked.
    public let name: LockName
    /// How it is locked.
    public let mode: LockMode
    let options: LockOptions

    /// Waits for the lock, fairly where the store can, and holds it.
    ///
    /// A cancelled or timed-out call leaves nothing behind in the store.
    ///
    /// - Parameters:
    ///   - timeout: How long to wait at the most; for ever if `nil`, not at all if zero.
    ///   - onQueued: Called once, on any thread, if the call has to wait in the store's queue, with who is in the way.
    /// - Returns: The lease; release it.
    /// - Throws: ``LockError/timedOut(_:after:_:)`` (``LockError/busy(_:_:)`` if the timeout is zero), another
    ///   ``LockError``, or `CancellationError` at once when the task is cancelled.
    public func acquire(
        timeout: Duration? = nil,
        onQueued: (@Sendable (Contention) -> Void)? = nil
    ) async throws -> Lease {
        try await service.acquire(self, patience: Patience(timeout: timeout), onQueued: onQueued)
    }

    /// Takes the lock if it is free.
    ///
    /// - Returns: `nil` if somebody else holds it or waits for it.
    /// - Throws: ``LockError`` (never `busy`), or `CancellationError`.
    public func tryAcquire() async throws -> Lease? {
        do {
            return try await service.acquire(self, patience: .none)
        } catch LockError.busy {
            return nil
        }
    }

    /// Runs `body` while holding the lock.
    ///
    /// The body's task is cancelled when the lease is lost: before the store can give the lock to anyone else, or as soon
    /// as the store reports the loss. The lock is released when the body returns or throws, also when the caller is
    /// cancelled; the release is awaited, for ``LockConfiguration/releaseTimeout`` at the most.
    ///
    /// - Parameters:
    ///   - timeout: How long to wait for the lock at the most; for ever if `nil`. Does not limit the body.
    ///   - body: Receives the lease, with its fencing token.
    /// - Returns: What the body returns.
    /// - Throws: What ``acquire(timeout:onQueued:)`` throws; what the body throws; ``LockError/lost(_:_:)`` if the lease was lost
    ///   and the body returned all the same, or threw `CancellationError` for that reason.
    public func withLock<Result: Sendable>(
        timeout: Duration? = nil,
        @_inheritActorContext _ body: sending @escaping @isolated(any) (Lease) async throws -> Result
    ) async throws -> Result {
        if options.reentrant, let lease = HeldLeases.current.covering(self) {
            return try await body(lease)
        }
        return try await ScopedHold(service: service, lease: acquire(timeout: timeout)).run(body)
    }

    /// Runs `body` while holding the lock, if it is free.
    ///
    /// - Parameter body: Receives the lease, with its fencing token.
    /// - Returns: What the body returns; `nil` if somebody else holds the lock or waits for it.
    /// - Throws: As ``withLock(timeout:_:)``.
    public func withLockIfAvailable<Result: Sendable>(
        @_inheritActorContext _ body: sending @escaping @isolated(any) (Lease) async throws -> Result
    ) async throws -> Result? {
        if options.reentrant, let lease = HeldLeases.current.covering(self) {
            return try await body(lease)
        }
        guard let lease = try await tryAcquire() else { return nil }
        return try await ScopedHold(service: service, lease: lease).run(body)
    }
}
