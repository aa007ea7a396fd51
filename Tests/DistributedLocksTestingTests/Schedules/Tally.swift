import DistributedLocks

/// What has happened in schedules, to see that they are worth running.
struct Tally {
    private(set) var counts: [String: Int] = [:]

    /// All that can happen, where leases expire and where they do not.
    static func everything(expires: Bool) -> Set<String> {
        let always: Set = ["released", "revoked", "removed", "busy", "timed out", "cancelled", "unreachable"]
        return expires ? always.union(["expired"]) : always
    }

    mutating func count(_ trials: [Trial]) {
        for trial in trials { counts[Self.name(trial.result), default: 0] += 1 }
    }

    private static func name(_ result: Result<Lease, any Error>?) -> String {
        switch result {
        case .success(let lease): name(lease.state)
        case .failure(is CancellationError): "cancelled"
        case .failure(LockError.busy): "busy"
        case .failure(LockError.timedOut): "timed out"
        case .failure(LockError.lost(_, let reason)): name(.lost(reason))
        case .failure(LockError.unreachable): "unreachable"
        case .failure(let error): "\(error)"
        case nil: "unfinished"
        }
    }

    private static func name(_ state: LeaseState) -> String {
        switch state {
        case .held, .unconfirmed: "held"
        case .lost(.released): "released"
        case .lost(.expired): "expired"
        case .lost(.revoked): "revoked"
        case .lost(.removed): "removed"
        case .lost(let reason): "\(reason)"
        }
    }
}
