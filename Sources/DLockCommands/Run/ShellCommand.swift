/// The command line of a user's shell, as flock(1) runs it for `-c`.
enum ShellCommand {
    /// The shell of a user who has named none.
    static let standardShell: ByteString = "/bin/sh"

    /// The command that runs `line`.
    ///
    /// - Parameters:
    ///   - line: A command in the language of the shell.
    ///   - shell: The value of `SHELL`.
    /// - Returns: The words to execute.
    static func words(_ line: ByteString, shell: ByteString?) -> [ByteString] {
        [shell.flatMap { $0.bytes.isEmpty ? nil : $0 } ?? standardShell, "-c", line]
    }
}
