import DistributedLocks

/// Why a request has no reply.
enum RequestFailure: Error, Hashable, Sendable {
    /// It never left: the server has certainly not seen it.
    case notSent(String)
    /// It never left, since too many requests wait for an answer already.
    case overloaded
    /// It was sent, and the connection ended before its reply came: it may have been carried out or not.
    case unanswered(String)
    /// Its reply did not come in time; it may still be carried out.
    case overdue
    /// Nobody waits for it any more.
    case cancelled
    /// The client has been closed.
    case closed
}

extension RequestFailure {
    /// Whether the server has certainly not seen it, since the connection had ended.
    var wasNotCarriedOut: Bool {
        if case .notSent = self { true } else { false }
    }

    /// Whether the connection ended before the reply.
    var wasCutOff: Bool {
        if case .unanswered = self { true } else { false }
    }

    /// What a user is told.
    ///
    /// - Parameter store: The label of the store.
    /// - Returns: An error that says whether the request may have been carried out.
    func lockError(store: String) -> LockError {
        switch self {
        case .notSent(let reason): .unreachable(store: store, reason: reason)
        case .overloaded: .storeFailed(store: store, reason: "too many requests wait for an answer")
        case .unanswered(let reason): .unreachable(store: store, reason: "no answer: \(reason)")
        case .overdue: .unreachable(store: store, reason: "no answer in time")
        case .cancelled: .unreachable(store: store, reason: "the request was cancelled")
        case .closed: .closed(store: store)
        }
    }
}
