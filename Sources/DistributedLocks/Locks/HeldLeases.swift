/// The leases under which the present task runs, innermost last: what makes re-entrancy, and its absence, visible.
struct HeldLeases: Sendable {
    @TaskLocal static var current = HeldLeases()

    private struct Held {
        let service: ObjectIdentifier
        let lease: Lease
    }

    private var leases: [Held] = []

    func adding(_ lease: Lease, of service: LockService) -> HeldLeases {
        var copy = self
        copy.leases.removeAll { held in
            if case .lost = held.lease.state { true } else { false }
        }
        copy.leases.append(Held(service: ObjectIdentifier(service), lease: lease))
        return copy
    }

    /// The lease that already covers what `lock` asks for.
    func covering(_ lock: DistributedLock) -> Lease? {
        live(lock).last { $0.mode == lock.mode || $0.mode == .exclusive }
    }

    /// Whether a lease of this very task is sure to keep it from getting `lock`.
    func blocks(_ lock: DistributedLock) -> Bool {
        live(lock).contains { held in
            switch (held.mode, lock.mode) {
            case (.shared, .shared): false
            case (.permit(let limit), .permit): live(lock).count >= limit
            default: true
            }
        }
    }

    /// How leases of this very task have kept it from getting `lock`; `nil` if they have not. A second reader could have had it,
    /// but for a writer in between, which waits for the first.
    func haveBlocked(_ lock: DistributedLock) -> Contention.CallerHold? {
        blocks(lock) || lock.mode == .shared && live(lock).contains { $0.mode == .shared } ? hold(of: lock) : nil
    }

    /// How this very task holds the name of `lock`, and why that does not let it in; `nil` if it does not hold the name.
    func hold(of lock: DistributedLock) -> Contention.CallerHold? {
        let modes = live(lock).map(\.mode)
        guard let innermost = modes.last else { return nil }
        if covering(lock) != nil { return lock.options.reentrant ? .unscoped : .notReentrant }
        return innermost == .shared && lock.mode == .exclusive ? .upgrade : .otherMode
    }

    private func live(_ lock: DistributedLock) -> [Lease] {
        guard !leases.isEmpty else { return [] }
        let service = ObjectIdentifier(lock.service)
        return leases.compactMap { held in
            guard held.service == service, held.lease.name == lock.name else { return nil }
            if case .lost = held.lease.state { return nil }
            return held.lease
        }
    }
}
