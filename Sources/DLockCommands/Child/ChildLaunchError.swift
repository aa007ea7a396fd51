#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Why a command could not be started.
enum ChildLaunchError: Error, Sendable, Hashable {
    /// There is no such command.
    case notFound(command: String)
    /// The command exists but the system refuses to execute it, for the reason given as an `errno` value.
    case notExecutable(command: String, errno: Int32)
    /// The system has no process, thread or descriptor left, for the reason given as an `errno` value.
    case system(errno: Int32)

    /// The error for a command whose execution failed.
    ///
    /// - Parameters:
    ///   - command: The command as the user wrote it.
    ///   - errno: What `execve` said.
    init(command: String, errno: Int32) {
        self = errno == ENOENT ? .notFound(command: command) : .notExecutable(command: command, errno: errno)
    }

    /// The exit code for this failure: 127 and 126 as in a shell, and `EX_OSERR` (71) for ``system(errno:)``.
    var exitCode: Int32 {
        switch self {
        case .notFound: 127
        case .notExecutable: 126
        case .system: 71
        }
    }
}

extension ChildLaunchError: CustomStringConvertible {
    private static func text(of errno: Int32) -> String {
        strerror(errno).map { String(cString: $0) } ?? "error \(errno)"
    }

    var description: String {
        switch self {
        case .notFound(let command): "\(command): command not found"
        case .notExecutable(let command, let errno): "\(command): cannot be executed: \(Self.text(of: errno))"
        case .system(let errno): "no child process can be started: \(Self.text(of: errno))"
        }
    }
}
