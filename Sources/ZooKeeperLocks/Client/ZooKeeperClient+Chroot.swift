import DistributedLocks

extension ZooKeeperClient {
    /// Makes the node that all paths are below, and those above it, as far as they are not there.
    ///
    /// - Parameters:
    ///   - access: Who may do what with them.
    ///   - deadline: When to give up.
    /// - Throws: What ``send(_:until:isAbsolute:onSend:)`` throws; ``ServerError`` if one cannot be made.
    func makeChroot(access: AccessRule, until deadline: LeaseClock.Instant) async throws {
        var path = ""
        var creations: [Operation] = []
        for part in configuration.chroot.split(separator: "/") {
            path += "/\(part)"
            creations.append(.create(path: path, access: [access], mode: .persistent))
        }
        let outcomes = try await send(creations.map { ($0, nil) }, until: deadline, isAbsolute: true)
        // Whoever may not make one that is there already needs not; so only the last one counts.
        guard let last = outcomes.last else { return }
        switch try last.get().result {
        case .success, .failure(.nodeExists): return
        case .failure(let error): throw error
        }
    }
}
