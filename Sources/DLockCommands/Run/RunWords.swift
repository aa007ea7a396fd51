import ArgumentParser

/// What stands after the name in `dlock run`: `[--] COMMAND [ARGUMENT ...]`, or `-c LINE`.
struct RunWords: Sendable {
    private static let shellOptions: Set<ByteString> = ["-c", "--command"]

    private let words: [ByteString]

    init(_ words: [ByteString]) {
        self.words = words
    }

    /// The first word.
    var text: String { words.first?.text ?? "" }

    /// Whether nothing stands there.
    var isEmpty: Bool { words.isEmpty }

    /// The command and its arguments.
    ///
    /// - Parameter shell: The value of `SHELL`.
    /// - Returns: The words to execute; none if there is no command.
    func command(shell: ByteString?) -> [ByteString] {
        guard let first = words.first else { return [] }
        if first == "--" { return Array(words.dropFirst()) }
        if Self.shellOptions.contains(first), words.count == 2 { return ShellCommand.words(words[1], shell: shell) }
        return words
    }

    /// Finds what cannot be meant.
    ///
    /// - Parameter name: The name of the lock.
    /// - Throws: `ValidationError`.
    func check(name: String) throws {
        guard let first = words.first, first != "--" || words.count > 1 else {
            throw ValidationError("no command was given: dlock run \(name) -- COMMAND")
        }
        guard first != "--", first.bytes.first == UInt8(ascii: "-"), first.bytes.count > 1 else { return }
        guard Self.shellOptions.contains(first) else {
            throw ValidationError(
                "\(first.text): options go before the name; a command that begins with a dash goes after --"
            )
        }
        guard words.count == 2 else {
            throw ValidationError("\(first.text) takes one argument, the whole line for the shell in quotes")
        }
    }
}
