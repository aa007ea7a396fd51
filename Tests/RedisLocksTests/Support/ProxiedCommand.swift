/// A command on its way through a ``FaultProxy``.
struct ProxiedCommand: Sendable {
    /// The name and the arguments, as they were sent.
    let words: [[UInt8]]

    init(_ value: Reply) {
        switch value {
        case .array(let items):
            words = items.map { item in
                if case .bulk(let bytes) = item { bytes } else { [] }
            }
        default: words = (value.text ?? "").split(separator: " ").map { Array($0.utf8) }
        }
    }

    /// The name in capitals.
    var name: String { text(0).uppercased() }

    /// A word as text; empty if there are not so many.
    func text(_ index: Int) -> String {
        index < words.count ? String(decoding: words[index], as: UTF8.self) : ""
    }

    /// Whether one of its words contains a text: a script's source, a key.
    func contains(_ text: String) -> Bool {
        words.indices.contains { self.text($0).contains(text) }
    }

    /// Commands about subscriptions are answered in messages, of which there can be any number.
    var isAboutSubscriptions: Bool {
        ["SUBSCRIBE", "UNSUBSCRIBE"].contains { name.hasSuffix($0) }
    }
}
