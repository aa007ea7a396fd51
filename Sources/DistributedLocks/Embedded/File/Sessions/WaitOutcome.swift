/// How a wait for a claim in files ended.
enum WaitOutcome: Sendable {
    /// The claim is held.
    case granted(HeldClaim)
    /// Its place in the queue is lost through no fault of its own; ask again.
    case restart
    /// The claim has been released.
    case withdrawn
    /// The store has been closed.
    case closed
}
