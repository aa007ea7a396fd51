#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// How a child ended.
enum ChildExit: Sendable, Hashable {
    /// It exited with a code between 0 and 255.
    case exited(Int32)
    /// A signal of this number killed it.
    case signalled(Int32)

    /// The exit code a shell reports for such an end: the code, or 128 plus the number of the signal.
    var exitCode: Int32 {
        switch self {
        case .exited(let code): code
        case .signalled(let signal): 128 + signal
        }
    }

    /// Whether somebody ended the command, or what it was waiting for: a shell whose foreground job dies of a signal exits with
    /// 128 plus the number of the signal. Ctrl-C reaches a command that has the terminal without passing through this process.
    var wasEndedBySomebody: Bool {
        [SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGKILL].contains(exitCode - 128)
    }

    /// The keyboard signal, `SIGINT` or `SIGQUIT`, that killed the child.
    ///
    /// A program that reports this end should die of the same signal, see ``SignalSource/reraise(_:)``: an interactive
    /// shell breaks off a loop when a command dies that way, but not when it exits with code 130.
    var interruption: Int32? {
        switch self {
        case .signalled(SIGINT): SIGINT
        case .signalled(SIGQUIT): SIGQUIT
        case .exited, .signalled: nil
        }
    }
}
