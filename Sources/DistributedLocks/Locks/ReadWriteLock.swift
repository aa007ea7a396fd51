/// The two locks of one name: any number hold ``read`` at the same time, or one holds ``write``.
///
/// Where the store is fair, so is this: readers that come after a waiting writer wait for it, and it for the readers
/// before it; neither side starves. A read lock cannot be turned into a write lock: release it first.
public struct ReadWriteLock: Sendable {
    /// Shared with other readers.
    public let read: DistributedLock
    /// Alone.
    public let write: DistributedLock

    /// The name that is locked.
    public var name: LockName { read.name }

    /// Runs `body` while holding the read lock; see ``DistributedLock/withLock(timeout:_:)``.
    public func withReadLock<Result: Sendable>(
        timeout: Duration? = nil,
        @_inheritActorContext _ body: sending @escaping @isolated(any) (Lease) async throws -> Result
    ) async throws -> Result {
        try await read.withLock(timeout: timeout, body)
    }

    /// Runs `body` while holding the write lock; see ``DistributedLock/withLock(timeout:_:)``.
    public func withWriteLock<Result: Sendable>(
        timeout: Duration? = nil,
        @_inheritActorContext _ body: sending @escaping @isolated(any) (Lease) async throws -> Result
    ) async throws -> Result {
        try await write.withLock(timeout: timeout, body)
    }
}
