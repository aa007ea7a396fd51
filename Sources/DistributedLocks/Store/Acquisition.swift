/// How a store answers a ``LockRequest``.
public enum Acquisition: Sendable {
    /// The claim is held.
    case granted(Grant)
    /// The claim could not be had within the request's patience; nothing of it remains in the store.
    case unavailable(Contention)
}
