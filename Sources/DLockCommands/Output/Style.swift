import Foundation

/// Colours and weights, where people read and have not asked for none (`NO_COLOR`, https://no-color.org).
struct Style: Sendable {
    private let isEnabled: Bool

    init(forTerminal isTerminal: Bool) {
        let environment = ProcessInfo.processInfo.environment
        isEnabled = isTerminal && environment["NO_COLOR", default: ""].isEmpty && Self.terminalUnderstandsEscapes
    }

    /// Whether the terminal, if there is one, can do more than print.
    static var terminalUnderstandsEscapes: Bool {
        ProcessInfo.processInfo.environment["TERM", default: "dumb"] != "dumb"
    }

    func bold(_ text: String) -> String { wrap(text, "1") }
    func dim(_ text: String) -> String { wrap(text, "2") }
    func green(_ text: String) -> String { wrap(text, "32") }
    func yellow(_ text: String) -> String { wrap(text, "33") }

    private func wrap(_ text: String, _ code: String) -> String {
        isEnabled ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
    }
}
