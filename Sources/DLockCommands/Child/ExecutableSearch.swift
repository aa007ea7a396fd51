/// The search for the file to execute, as `execvp` does it but in the environment of the child.
enum ExecutableSearch {
    /// Where commands are looked for if the environment has no `PATH`.
    static let defaultPath: ByteString = "/usr/local/bin:/bin:/usr/bin"

    /// The paths at which `command` may be found, in the order in which they are to be tried.
    ///
    /// - Parameters:
    ///   - command: A path, which contains a slash, or the name of a file in one of the directories of `PATH`.
    ///   - path: The value of `PATH`; an empty element stands for the current directory.
    /// - Returns: At least one path, unless `command` is empty.
    static func candidates(for command: ByteString, path: ByteString?) -> [ByteString] {
        guard !command.bytes.isEmpty else { return [] }
        guard !command.bytes.contains(UInt8(ascii: "/")) else { return [command] }
        return (path ?? defaultPath).bytes
            .split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
            .map { directory in
                ByteString((directory.isEmpty ? [UInt8(ascii: ".")] : directory) + [UInt8(ascii: "/")] + command.bytes)
            }
    }
}
