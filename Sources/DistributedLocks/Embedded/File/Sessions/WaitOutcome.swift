/// How a wait for a claim in files ended.
enum WaitOutcome: Sendable {
    /// The claim is held.
    case granted(HeldClaim)
    /// Its place in the queue is lost through no fault of its own; ask again.
    case restart
    /// Its time is over, and it is out of the queue.
    case expired(Contention)
    /// Its time is over, and it may still be in the queue.
    case failed(LockError)
    /// The claim has been released.
    case withdrawn
    /// The store has been closed.
    case closed
}

/// What the first look at the queue gave a request.
enum Entrance: Sendable {
    case granted(HeldClaim)
    /// In the queue or on its way there, and who is in the way, if that is known.
    case waiting(WaitSlot<WaitOutcome>, Contention?)
    case refused(Contention)
}
