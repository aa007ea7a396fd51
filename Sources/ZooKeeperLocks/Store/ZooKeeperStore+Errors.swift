import DistributedLocks

extension ZooKeeperStore {
    /// Any error of the client as one for users.
    func translate(_ error: any Error) -> any Error {
        switch error {
        case RequestFailure.cancelled: CancellationError()
        case let failure as RequestFailure: translate(failure)
        case let error as ServerError: translate(error)
        case Contender.ContenderFailure.server(let error): translate(error)
        case Contender.ContenderFailure.request(.cancelled): CancellationError()
        case Contender.ContenderFailure.request(let failure): translate(failure)
        case Contender.ContenderFailure.nonsense(let reason): LockError.storeFailed(store: label, reason: reason)
        default: error
        }
    }

    private func translate(_ failure: RequestFailure) -> LockError {
        switch failure {
        case .notSent(let reason): .unreachable(store: label, reason: reason)
        case .refused(let reason): .storeFailed(store: label, reason: reason)
        case .unanswered(let reason): .unreachable(store: label, reason: "no answer: \(reason)")
        case .overdue: .unreachable(store: label, reason: "no answer in time")
        case .cancelled: .unreachable(store: label, reason: "the request was cancelled")
        case .closed: .closed(store: label)
        }
    }

    func translate(_ error: ServerError) -> LockError {
        switch error {
        case .noAuth:
            .denied(
                store: label,
                reason:
                    "no right to the nodes of the lock; it needs read, write, create and delete on them (name a user, or acl=open) (\(error.rawValue))"
            )
        case .authFailed, .invalidACL, .sessionClosedRequireSASL: .denied(store: label, reason: "\(error)")
        case .unimplemented:
            .storeFailed(
                store: label,
                reason: "it does not know a request that is needed; ZooKeeper 3.5 or later has it"
            )
        case .noChildrenForEphemerals:
            .storeFailed(store: label, reason: "the node of the lock goes with somebody's session; choose another name")
        case .quotaExceeded: .storeFailed(store: label, reason: "the quota of the nodes is used up")
        default: .storeFailed(store: label, reason: "it answers: \(error)")
        }
    }
}
