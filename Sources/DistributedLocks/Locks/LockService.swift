/// Where locks come from: one store, and everything that keeps its leases alive.
///
/// Make one for each store and keep it for the life of the program; it needs no set-up and no background task of yours.
///
/// ```swift
/// let locks = LockService(MemoryStore())
/// try await locks.lock("orders/42").withLock { lease in
///     print(lease.fencingToken)
/// }
/// ```
///
/// It is also a `Service` of swift-service-lifecycle: run it in a service group, and graceful shutdown closes it.
public final class LockService: Sendable {
    let store: any LockStore
    let configuration: LockConfiguration
    let keeper: LeaseKeeper
    let turns = TaskTurns()

    /// Makes a service on `store`.
    public init(_ store: any LockStore, configuration: LockConfiguration = LockConfiguration()) {
        self.store = store
        self.configuration = configuration
        keeper = LeaseKeeper(store: store, configuration: configuration)
    }

    /// The clock of the store, on which leases are measured.
    public var clock: LeaseClock { store.clock }

    /// The exclusive lock of a name: one holder at a time.
    ///
    /// - Throws: ``LockError/invalid(_:)`` for a bad name.
    public func lock(_ name: String, options: LockOptions = LockOptions()) throws(LockError) -> DistributedLock {
        lock(try LockName(name), options: options)
    }

    /// The exclusive lock of a name: one holder at a time.
    public func lock(_ name: LockName, options: LockOptions = LockOptions()) -> DistributedLock {
        DistributedLock(service: self, name: name, mode: .exclusive, options: options)
    }

    /// The read and write locks of a name: any number of readers, or one writer.
    ///
    /// - Throws: ``LockError/invalid(_:)`` for a bad name.
    public func readWriteLock(
        _ name: String,
        options: LockOptions = LockOptions()
    ) throws(LockError) -> ReadWriteLock {
        readWriteLock(try LockName(name), options: options)
    }

    /// The read and write locks of a name: any number of readers, or one writer.
    public func readWriteLock(_ name: LockName, options: LockOptions = LockOptions()) -> ReadWriteLock {
        ReadWriteLock(
            read: DistributedLock(service: self, name: name, mode: .shared, options: options),
            write: DistributedLock(service: self, name: name, mode: .exclusive, options: options)
        )
    }

    /// A semaphore: at most `permits` holders at a time. All who use the name must agree on the number.
    ///
    /// - Throws: ``LockError/invalid(_:)`` for a bad name, or fewer than one permit.
    public func semaphore(
        _ name: String,
        permits: Int,
        options: LockOptions = LockOptions()
    ) throws(LockError) -> DistributedSemaphore {
        try semaphore(LockName(name), permits: permits, options: options)
    }

    /// A semaphore: at most `permits` holders at a time. All who use the name must agree on the number.
    ///
    /// - Throws: ``LockError/invalid(_:)`` for fewer than one permit.
    public func semaphore(
        _ name: LockName,
        permits: Int,
        options: LockOptions = LockOptions()
    ) throws(LockError) -> DistributedSemaphore {
        guard permits >= 1 else { throw .invalid("a semaphore needs at least one permit; \(permits) were asked for") }
        let permit = DistributedLock(
            service: self,
            name: name,
            mode: .permit(of: permits),
            options: options
        )
        return DistributedSemaphore(permit: permit, permits: permits)
    }

    /// Who holds a name and who waits for it, at this moment.
    ///
    /// - Throws: ``LockError``.
    public func status(of name: String) async throws -> LockStatus {
        try await status(of: LockName(name))
    }

    /// Who holds a name and who waits for it, at this moment.
    ///
    /// - Throws: ``LockError``.
    public func status(of name: LockName) async throws -> LockStatus {
        try await store.status(of: name)
    }

    /// All names that are held or waited for.
    ///
    /// - Throws: ``LockError``, also when the store cannot list names.
    public func list() async throws -> [LockStatus] {
        guard store.capabilities.listsNames else {
            throw LockError.unsupported(store: store.label, feature: "listing names")
        }
        return try await store.list()
    }

    /// Takes a name away from whoever holds it, and hands it to whoever is next.
    ///
    /// - Parameters:
    ///   - name: The name.
    ///   - condition: Which holder is meant; all of them by default.
    /// - Returns: Who was cut off; empty if nobody holds the name.
    /// - Throws: ``LockError/busy(_:_:)`` if the name is held, but by none that is meant; another ``LockError``, also when the
    ///   store cannot do that.
    public func forceRelease(_ name: LockName, from condition: HolderCondition = .any) async throws -> [Holder] {
        guard store.capabilities.forcesRelease else {
            throw LockError.unsupported(store: store.label, feature: "forced release")
        }
        do {
            return try await store.forceRelease(name, from: condition)
        } catch LockError.busy(let name, var contention) {
            contention.observedAt = configuration.wallClock.now
            throw LockError.busy(name, contention)
        }
    }

    /// Takes a name away from whoever holds it, and hands it to whoever is next.
    ///
    /// - Returns: Who was cut off; empty if nobody holds the name.
    /// - Throws: ``LockError``, also when the store cannot do that.
    public func forceRelease(_ name: String) async throws -> [Holder] {
        try await forceRelease(LockName(name))
    }

    /// Waits until everything that goes on in the background is done: releases that were not confirmed in time, and
    /// names that this process keeps for ``LockOptions/holdAtLeast`` since the store cannot do that by itself. Returns at once
    /// when the task is cancelled.
    public func drain() async {
        await keeper.drain()
    }

    /// Ends everything: leases that are still held are lost (``LossReason/closed``) and given back, waits end with
    /// ``LockError/closed(store:)``, and so does whatever is asked for later. Waits for the store, up to
    /// ``LockConfiguration/releaseTimeout``.
    ///
    /// A name whose ``LockOptions/holdAtLeast`` has not passed stays locked for the rest of that time if the store can keep it
    /// by itself (``StoreCapabilities/releasesLater``), and is given back now if it cannot: call ``drain()`` first there.
    public func close() async {
        await keeper.close()
        await store.close()
    }
}
