/// The search for the file to execute, as `execvp` does it but in the environment of the child.
enum ExecutableSearch {
    /// Where commands are looked for if the environment has no `PATH`.
    static let defaultPath = "/usr/local/bin:/bin:/usr/bin"

    /// The paths at which `command` may be found, in the order in which they are to be tried.
    ///
    /// - Parameters:
    ///   - command: A path, which contains a slash, or the name of a file in one of the directories of `PATH`.
    ///   - path: The value of `PATH`; an empty element stands for the current directory.
    /// - Returns: At least one path, unless `command` is empty.
    static func candidates(for command: String, path: String?) -> [String] {
        guard !command.isEmpty else { return [] }
        guard !command.utf8.contains(UInt8(ascii: "/")) else { return [command] }
        return (path ?? defaultPath)
            .split(separator: ":", omittingEmptySubsequences: false)
            .map { directory in directory.isEmpty ? "./\(command)" : "\(directory)/\(command)" }
    }
}
