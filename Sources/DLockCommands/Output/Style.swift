/// Colours and weights, where people read and have not asked for none (`NO_COLOR`, https://no-color.org).
struct Style: Sendable {
    private let isEnabled: Bool

    init(forTerminal isTerminal: Bool) {
        isEnabled = isTerminal && EnvironmentVariable.text(of: "NO_COLOR") == nil && Self.terminalUnderstandsEscapes
    }

    /// Whether the terminal, if there is one, can do more than print.
    static var terminalUnderstandsEscapes: Bool {
        EnvironmentVariable.value(of: "TERM") ?? "dumb" != "dumb"
    }

    func bold(_ text: String) -> String { wrap(text, "1") }
    func dim(_ text: String) -> String { wrap(text, "2") }
    func green(_ text: String) -> String { wrap(text, "32") }
    func yellow(_ text: String) -> String { wrap(text, "33") }
    func red(_ text: String) -> String { wrap(text, "31") }

    private func wrap(_ text: String, _ code: String) -> String {
        isEnabled ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
    }
}
