/// A path, or the name of a node. Two of them are the same if their bytes are; texts are so if they look the same.
struct FakeName: Hashable, Comparable {
    let text: String

    init(_ text: String) {
        self.text = text
    }

    static func == (first: FakeName, second: FakeName) -> Bool { first.text.utf8.elementsEqual(second.text.utf8) }

    static func < (first: FakeName, second: FakeName) -> Bool {
        first.text.utf8.lexicographicallyPrecedes(second.text.utf8)
    }

    func hash(into hasher: inout Hasher) {
        for byte in text.utf8 { hasher.combine(byte) }
    }
}
