public import DistributedLocks

extension ZooKeeperStore {
    /// How many changes there can be in one write.
    private static let changesPerWrite = 1_024

    /// Changes nodes of the ensemble if, and only if, a lock is still held at that very moment.
    ///
    /// One transaction checks the node of the holder and makes all changes, or none. It is safe where a look at the lease is not:
    /// a process that was paused after that look, or a request that was under way for a minute, cannot overwrite what
    /// the next holder has written.
    ///
    /// ```swift
    /// try await store.write([.setData(path: "/app/state", data: bytes)], while: lease)
    /// ```
    ///
    /// - Parameters:
    ///   - changes: What to do, in this order; at most 1,024.
    ///   - lease: The lock, which was taken from this very store.
    /// - Throws: `LockError.lost` if the lock is not held any more; ``GuardedWriteError`` if a change is impossible. In both
    ///   cases nothing was written. `LockError.unreachable` if no answer came: then the changes were made or not, and may
    ///   yet be made while the lock is held; versions (`setData(path:data:version:)`) make it safe to try again.
    ///   `LockError.invalid` for a lease of another store, and for paths that no node can have. `CancellationError`, after
    ///   which the changes may be made as well.
    public func write(_ changes: [GuardedChange], while lease: Lease) async throws {
        try Self.validate(changes)
        let node = try holderNode(of: lease)
        let guarding = MultiOperation.check(path: node)
        let steps = changes.map { $0.operation(access: [access]) }
        let deadline = clock.now.advanced(by: configuration.requestTimeout)
        let results: [MultiResult]
        do {
            let outcomes = try await client.send(
                [(.multi([guarding] + steps), nil)],
                until: deadline,
                isAbsolute: true
            )
            guard case .results(let answers)? = try outcomes.first?.get().result.get() else {
                throw LockError.storeFailed(store: label, reason: "it has not answered a transaction")
            }
            results = answers
        } catch {
            throw translate(error)
        }
        try judge(results, of: changes, lease, node)
    }

    /// The full path of the node that makes a lease the holder of its lock.
    ///
    /// Whoever knows it can guard writes as ``write(_:while:)`` does, from another process or with another client: a transaction
    /// that begins with a check of this node fails as soon as the lock is not held any more. The node of a lock that is
    /// taken again is another one.
    ///
    /// - Parameter lease: A lock that was taken from this very store.
    /// - Returns: For example `/app/locks/orders%2F42/_c_53345f98-9423-4e0c-a7b5-9f819e3ec2e1-lock-0000000007`.
    /// - Throws: `LockError.lost` if it is not held any more, `LockError.invalid` if it is a lease of another store.
    public func holderNode(of lease: Lease) throws(LockError) -> String {
        try lease.checkHeld()
        let token = Int64(bitPattern: lease.fencingToken.rawValue)
        guard let ownership = holdings.ownership(token: token), try paths.path(of: lease.name) == ownership.directory
        else {
            // It may have been lost between the two looks.
            try lease.checkHeld()
            throw .invalid("the lease of \"\(lease.name)\" is not one of \(label)")
        }
        return Chroot(configuration.chroot).full(ownership.paths[0])
    }

    /// What the answers mean. A step that was not to blame has no error of its own.
    private func judge(
        _ results: [MultiResult],
        of changes: [GuardedChange],
        _ lease: Lease,
        _ node: String
    ) throws {
        for (index, result) in results.enumerated() {
            guard case .failed(let error) = result, error != .ok, error != .runtimeInconsistency else { continue }
            guard index == 0 else {
                throw GuardedWriteError(index: index - 1, change: changes[index - 1], error: error)
            }
            guard error == .noNode else { throw translate(error) }
            holdings.lost(path: Chroot(configuration.chroot).stripped(node), .removed)
            throw LockError.lost(lease.name, .removed)
        }
        guard results.count == changes.count + 1 else {
            throw LockError.storeFailed(store: label, reason: "it has not answered every step of a transaction")
        }
    }

    private static func validate(_ changes: [GuardedChange]) throws(LockError) {
        guard changes.count <= changesPerWrite else {
            throw .invalid("a write has at most \(changesPerWrite) changes, not \(changes.count)")
        }
        for change in changes where !ZooKeeperPath.isAbsolute(change.path) {
            throw .invalid(
                "\"\(change.path)\" is no path of a node to write to: it is written /app/state, without empty parts, . or .., control characters, emoji or private signs"
            )
        }
    }
}
