/// A semaphore: at most ``permits`` holders at a time, each with a lease of its own.
public struct DistributedSemaphore: Sendable {
    /// One permit, as a lock: acquire it, try it, or run a body under it.
    public let permit: DistributedLock
    /// How many there are. All who use the name must agree on it.
    public let permits: Int

    /// The name of the semaphore.
    public var name: LockName { permit.name }

    /// Runs `body` while holding one permit; see ``DistributedLock/withLock(timeout:_:)``.
    public func withPermit<Result: Sendable>(
        timeout: Duration? = nil,
        @_inheritActorContext _ body: sending @escaping @isolated(any) (Lease) async throws -> Result
    ) async throws -> Result {
        try await permit.withLock(timeout: timeout, body)
    }

    /// Runs `body` while holding one permit, if one is free; see ``DistributedLock/withLockIfAvailable(_:)``.
    public func withPermitIfAvailable<Result: Sendable>(
        @_inheritActorContext _ body: sending @escaping @isolated(any) (Lease) async throws -> Result
    ) async throws -> Result? {
        try await permit.withLockIfAvailable(body)
    }
}
