/// What becomes of the process group of a command that is ended, and of the lock if this process dies.
struct CommandEnding: Sendable {
    /// How long the rest of the group has to end by itself once the command has been ended, before it is killed; `nil` if for
    /// ever.
    var killAfter: Duration? = .seconds(10)
    /// When the guard ends the command if it is not told otherwise; asked right before the command is launched.
    var deadlines: @Sendable () -> GuardDeadlines? = { nil }
    /// How the guard gives the lock back if this process dies; `nil` if the end of this process does that.
    var lockReturn: LockReturn?
    /// Called when the rest of the group takes long to end.
    var onSlowEnd: @Sendable () -> Void = {}
}
