/// Something that happened to a supervised run.
///
/// `isForeground` tells whether the process group of this process, not that of the child, is the foreground group of
/// the terminal at that moment.
enum RunEvent: Sendable, Hashable {
    /// This process has received the signal of this number.
    case received(Int32)
    /// A signal of this number has stopped the child.
    case stopped(Int32, isForeground: Bool)
    /// The child runs again after a stop.
    case continued(isForeground: Bool)
    /// The child has ended.
    case ended(ChildExit)
    /// Nothing of the child's process group can act any more, as an answer to ``RunAction/awaitGroup``.
    case groupEnded
    /// The group has had as long to end as the user allows, as an answer to ``RunAction/limitGroup``.
    case groupLimitReached
    /// The holder of the lock demands something.
    case ordered(ChildOrder)
    /// This process has been resumed, as an answer to ``RunAction/stopSelf`` or ``RunAction/checkResumption``.
    ///
    /// `mayContinue` tells whether the lock is still held.
    case resumed(mayContinue: Bool, isForeground: Bool)
    /// The kernel has refused to stop this process, as an answer to ``RunAction/stopSelf``.
    ///
    /// It does so if the process group is orphaned, because no shell would ever resume it.
    case stopRefused(mayContinue: Bool, isForeground: Bool)
}
