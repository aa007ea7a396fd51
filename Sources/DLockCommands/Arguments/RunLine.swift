/// A command line of `dlock run`, cut before any parser sees it: options, the name of the lock, and what is to be run.
///
/// The words of the command never reach the parser of arguments, whose time grows with the square of their number, and which
/// knows nothing but text.
struct RunLine: Sendable {
    /// A word before the name, or two.
    enum Item: Hashable, Sendable {
        case flag(RunOption)
        case value(RunOption, String)
        /// Something for the parser of arguments: help, or a mistake.
        case other(String)
    }

    /// The options in their order.
    private(set) var items: [Item] = []
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
            case .complete(let more):
                items += more
            case .needsValue(let more, let option):
                items += more
                guard let value = words.popFirst() else {
                    items.append(.other("--\(option.rawValue)"))
                    return
                }
                items.append(.value(option, ForeignText.encode(value.bytes)))
            case .unknown(let option):
                if Self.isForParser(option) {
                    items.append(.other(option))
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
        let options = items.flatMap(Self.tokens)
        guard let name else { return ["run"] + options }
        return ["run"] + options + ["--", ForeignText.encode(name.bytes)]
            + rest.prefix(3).map { ForeignText.encode($0.bytes) }
    }

    /// The words for an item; a value is in one word with its option if it is not empty, so that it may begin with a dash.
    private static func tokens(_ item: Item) -> [String] {
        switch item {
        case .flag(let option): ["--\(option.rawValue)"]
        case .value(let option, ""): ["--\(option.rawValue)", ""]
        case .value(let option, let value): ["--\(option.rawValue)=\(value)"]
        case .other(let text): [text]
        }
    }

    /// Whether the parser of arguments has added an option to those of the command.
    private static func isForParser(_ option: String) -> Bool {
        ["-h", "--help", "--help-hidden", "--version", "--experimental-dump-help"].contains(option)
    }

    private enum Reading {
        case complete([Item])
        case needsValue([Item], RunOption)
        case unknown(String)
    }

    private static func read(_ word: ByteString) -> Reading {
        let text = ForeignText.encode(word.bytes)
        return text.hasPrefix("--") ? readLong(text) : readLetters(text)
    }

    private static func readLong(_ text: String) -> Reading {
        let parts = text.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard let option = RunOption(longName: parts[0]) else { return .unknown(text) }
        switch (option.takesValue, parts.count) {
        case (true, 1): return .needsValue([], option)
        case (true, _): return .complete([.value(option, String(parts[1]))])
        case (false, 1): return .complete([.flag(option)])
        // A flag with a value is left to the parser to complain of.
        case (false, _): return .complete([.other(text)])
        }
    }

    /// As getopt(3) reads them: `-qn`, `-w 10s`, `-w10s`, `-qw10s`.
    private static func readLetters(_ text: String) -> Reading {
        var items: [Item] = []
        var letters = text.dropFirst()
        while let letter = letters.popFirst() {
            guard let option = RunOption(letter: letter) else { return .unknown("-\(letter)") }
            guard option.takesValue else {
                items.append(.flag(option))
                continue
            }
            return letters.isEmpty ? .needsValue(items, option) : .complete(items + [.value(option, String(letters))])
        }
        return .complete(items)
    }
}
