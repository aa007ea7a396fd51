/// What the holder of the lock demands of a running child.
///
/// The supervisor has no timer of its own: a caller that wants to give the child a grace period orders ``terminate``
/// first, and ``kill`` when the period is over.
enum ChildOrder: Sendable, Hashable {
    /// Ask every process of the child's group to end, with `SIGTERM`; stopped ones are continued, so that they can.
    case terminate
    /// End every process of the child's group with `SIGKILL`.
    case kill
}
