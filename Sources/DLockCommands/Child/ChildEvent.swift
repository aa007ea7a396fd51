/// A change of the state of a running child.
enum ChildEvent: Sendable, Hashable {
    /// The signal of this number stopped it.
    case stopped(Int32)
    /// It runs again after a stop.
    case continued
    /// It has ended, but is not reaped yet.
    case ended(ChildExit)
}
