/// A command line of `dlock run`, cut before any parser sees it: options, the name of the lock, and what is to be run.
///
/// The words of the command never reach the parser of arguments, whose time grows with the square of their number, and which
/// knows nothing but text.
struct RunLine: Sendable {
    /// The options as they are given to the parser of arguments: each letter by itself, each value with its option.
    private(set) var options: [String] = []
    /// The name of the lock, if there is one.
    private(set) var name: ByteString?
    /// An option that there is not.
    private(set) var unknownOption: String?
    /// Everything after the name.
    private(set) var rest: [ByteString] = []

    /// Cuts the arguments of `dlock run`.
    ///
    /// - Parameter arguments: What follows the word `run`.
    init(_ arguments: some Collection<ByteString>) {
        var words = arguments[...]
        while let word = words.first, word.bytes.first == UInt8(ascii: "-"), word.bytes.count > 1 {
            words = words.dropFirst()
            if word == "--" { break }
            switch Self.read(word) {
            case .complete(let tokens):
                options += tokens
            case .needsValue(let tokens, let option):
                options += tokens
                guard let value = words.popFirst() else {
                    options.append("--\(option.rawValue)")
                    return
                }
                options.append(Self.token(option, ForeignText.encode(value.bytes)))
            case .unknown(let option):
                if Self.isForParser(option) {
                    options.append(option)
                } else {
                    unknownOption = option
                }
                return
            }
        }
        name = words.popFirst()
        rest = Array(words)
    }

    /// What the parser of arguments gets: enough to find what is wrong, however long the command is.
    var parserArguments: [String] {
        guard let name else { return ["run"] + options }
        return ["run"] + options + ["--", ForeignText.encode(name.bytes)]
            + rest.prefix(3).map { ForeignText.encode($0.bytes) }
    }

    /// Whether the parser of arguments has added an option to those of the command.
    private static func isForParser(_ option: String) -> Bool {
        ["-h", "--help", "--help-hidden", "--version", "--experimental-dump-help"].contains(option)
    }

    private enum Reading {
        case complete([String])
        case needsValue([String], RunOption)
        case unknown(String)
    }

    private static func read(_ word: ByteString) -> Reading {
        let text = ForeignText.encode(word.bytes)
        return text.hasPrefix("--") ? readLong(text) : readLetters(text)
    }

    private static func readLong(_ text: String) -> Reading {
        let parts = text.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard let option = RunOption(longName: parts[0]) else { return .unknown(text) }
        // A flag with a value is left to the parser to complain of.
        return parts.count == 1 && option.takesValue ? .needsValue([], option) : .complete([text])
    }

    /// An option with its value in one word, so that the value may begin with a dash.
    private static func token(_ option: RunOption, _ value: String) -> String {
        "--\(option.rawValue)=\(value)"
    }

    /// As getopt(3) reads them: `-qn`, `-w 10s`, `-w10s`, `-qw10s`.
    private static func readLetters(_ text: String) -> Reading {
        var tokens: [String] = []
        var letters = text.dropFirst()
        while let letter = letters.popFirst() {
            guard let option = RunOption(letter: letter) else { return .unknown("-\(letter)") }
            guard option.takesValue else {
                tokens.append("-\(letter)")
                continue
            }
            return letters.isEmpty
                ? .needsValue(tokens, option) : .complete(tokens + [token(option, String(letters))])
        }
        return .complete(tokens)
    }
}
