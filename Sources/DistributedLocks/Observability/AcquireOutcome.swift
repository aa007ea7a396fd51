/// How an acquire ended; a dimension of metrics and an attribute of spans.
enum AcquireOutcome: String, CaseIterable {
    case acquired
    case busy
    case timedOut = "timed_out"
    case cancelled
    case unreachable
    case denied
    case failed

    init(_ error: any Error) {
        self =
            switch error {
            case is CancellationError: .cancelled
            case LockError.busy: .busy
            case LockError.timedOut: .timedOut
            case LockError.unreachable: .unreachable
            case LockError.denied: .denied
            default: .failed
            }
    }
}
