/// Everything that can go wrong with a lock, apart from cancellation (`CancellationError`) and what a body throws.
@nonexhaustive
public enum LockError: Error, Hashable, Sendable {
    /// Somebody else has it, and the caller did not want to wait.
    case busy(LockName, Contention)
    /// Somebody else still had it after waiting for `after`.
    case timedOut(LockName, after: Duration, Contention)
    /// It was held and is not any more.
    case lost(LockName, LossReason)
    /// The store does not answer. Whether a request took effect is unknown; leftovers are cleaned up in the background.
    case unreachable(store: String, reason: String)
    /// The store cannot do what was asked. Nothing was sent.
    case unsupported(store: String, feature: String)
    /// The store refuses: permissions, credentials, ownership.
    case denied(store: String, reason: String)
    /// The store answers, but cannot do its work: disk full, damaged data, out of memory.
    case storeFailed(store: String, reason: String)
    /// A name, duration or other argument is not acceptable.
    case invalid(String)
    /// The store, or the lock service, has been closed.
    case closed(store: String)
}

extension LockError: CustomStringConvertible {
    /// What happened and, where somebody can do something about it, what.
    public var description: String {
        switch self {
        case .busy(let name, let contention):
            "\"\(name)\" is busy\(contention.clause)"
        case .timedOut(let name, let duration, let contention):
            "timed out after \(duration.shortText) waiting for \"\(name)\"\(contention.clause)"
        case .lost(let name, let reason):
            "lost the lock \"\(name)\": \(reason)"
        case .unreachable(let store, let reason):
            "\(store) cannot be reached: \(reason)"
        case .unsupported(let store, let feature):
            "\(store) does not support \(feature)"
        case .denied(let store, let reason):
            "\(store) denies access: \(reason)"
        case .storeFailed(let store, let reason):
            "\(store) failed: \(reason)"
        case .invalid(let reason):
            reason
        case .closed(let store):
            "\(store) has been closed"
        }
    }
}

extension Contention {
    /// `: held by web-3 (pid 8123) for 12 s, 2 ahead in the queue`, or nothing if nothing is known.
    fileprivate var clause: String {
        var parts: [String] = []
        if let heldByCaller {
            parts.append(heldByCaller.description)
        } else if !holders.isEmpty {
            let shown = holders.prefix(3).map { $0.text(heldUntil: observedAt) }.joined(separator: ", ")
            let more = holders.count > 3 ? " and \(holders.count - 3) more" : ""
            parts.append("held by \(shown)\(more)")
        }
        if let ahead, ahead > 0 { parts.append("\(ahead) ahead in the queue") }
        return parts.isEmpty ? "" : ": " + parts.joined(separator: ", ")
    }
}

extension Holder {
    /// For example `web-3 (pid 8123, nightly) for 12 s`; without the time if it is not known, or wall clocks disagree.
    fileprivate func text(heldUntil now: UnixTime?) -> String {
        guard let heldSince, let age = now?.age(of: heldSince) else { return description }
        return "\(self) for \(age.ageText)"
    }
}
