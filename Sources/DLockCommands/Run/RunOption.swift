import ArgumentParser

/// The options of `dlock run`: how they are written, and whether a value belongs to them.
///
/// The parser of arguments gets their names from here, and so does ``RunLine``, which has to know where they end.
enum RunOption: String, CaseIterable, Sendable {
    case store
    case wait
    case noWait = "no-wait"
    case ttl
    case exclusive
    case shared
    case permits
    case holdAtLeast = "hold-at-least"
    case holdAtMost = "hold-at-most"
    case killAfter = "kill-after"
    case conflictExitCode = "conflict-exit-code"
    case label
    case quiet
    case command

    /// The letters that stand for the option; the first is the one that help shows.
    var letters: [Character] {
        switch self {
        case .wait: ["w"]
        case .noWait: ["n"]
        case .exclusive: ["x", "e"]
        case .shared: ["s"]
        case .conflictExitCode: ["E"]
        case .quiet: ["q"]
        case .command: ["c"]
        case .killAfter: ["k"]
        case .store, .ttl, .permits, .holdAtLeast, .holdAtMost, .label: []
        }
    }

    /// Whether a value follows.
    var takesValue: Bool {
        switch self {
        case .noWait, .exclusive, .shared, .quiet: false
        case .store, .wait, .ttl, .permits, .holdAtLeast, .holdAtMost, .killAfter, .conflictExitCode, .label, .command:
            true
        }
    }

    /// The names for the parser of arguments.
    var names: NameSpecification {
        NameSpecification(letters.map { .customShort($0) } + [.customLong(rawValue)])
    }

    /// The option with a long name, without its dashes.
    init?(longName: some StringProtocol) {
        self.init(rawValue: String(longName))
    }

    /// The option that a letter stands for.
    init?(letter: Character) {
        guard let option = Self.allCases.first(where: { $0.letters.contains(letter) }) else { return nil }
        self = option
    }
}
