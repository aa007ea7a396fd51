/// What a ``RunMachine`` demands.
enum RunAction: Sendable, Hashable {
    /// Send the signal of this number to the process group of the child.
    case send(Int32)
    /// Make the process group of the child the foreground group of the terminal.
    case giveTerminal
    /// Make the own process group the foreground group of the terminal if that of the child is.
    case takeTerminal(restoringModes: Bool)
    /// Stop the own process group, so that the shell sees its job stopped.
    ///
    /// The answer is ``RunEvent/resumed(mayContinue:isForeground:)`` or
    /// ``RunEvent/stopRefused(mayContinue:isForeground:)``, before any other event.
    case stopSelf
    /// Find out whether the child may go on; the answer is ``RunEvent/resumed(mayContinue:isForeground:)``.
    case checkResumption
    /// Reap the child and wait, without a limit, until nothing of its group can act any more; the answer is
    /// ``RunEvent/groupEnded``.
    case awaitGroup
    /// Report ``RunEvent/groupLimitReached`` when the group has had as long to end as the user allows.
    case limitGroup
    /// Reap the child and report its end; the last action of a run.
    case finish(ChildExit)
}
