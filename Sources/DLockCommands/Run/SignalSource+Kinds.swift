#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

extension SignalSource {
    /// Whether a signal asks a program to end.
    static func isEnding(_ signal: Int32) -> Bool {
        [SIGINT, SIGTERM, SIGHUP, SIGQUIT].contains(signal)
    }

    /// Whether a signal ends a program that takes no care of it.
    static func endsByDefault(_ signal: Int32) -> Bool {
        isEnding(signal) || signal == SIGUSR1 || signal == SIGUSR2
    }

    /// Whether a signal asks a program to stop until it is continued (Ctrl-Z).
    static func isStop(_ signal: Int32) -> Bool {
        signal == SIGTSTP
    }

    /// Whether a shell expects a program that was ended by `signal` to die of it (Ctrl-C, Ctrl-\).
    static func isFromKeyboard(_ signal: Int32) -> Bool {
        signal == SIGINT || signal == SIGQUIT
    }
}
