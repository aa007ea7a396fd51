import Glibc

/// A path, or the name of a node. Two of them are the same if their bytes are; texts are so if they look the same.
struct FakeName: Hashable, Comparable {
    let text: String

    init(_ text: String) {
        self.text = text
    }

    static func == (first: FakeName, second: FakeName) -> Bool {
        // In most cases the first two comparisons decide, and both are quick.
        guard first.text.utf8.count == second.text.utf8.count, first.text == second.text else { return false }
        let isSame = first.text.utf8.withContiguousStorageIfAvailable { first in
            second.text.utf8.withContiguousStorageIfAvailable { second in
                guard let first = first.baseAddress, let other = second.baseAddress else { return true }
                return memcmp(first, other, second.count) == 0
            } ?? false
        }
        return isSame ?? first.text.utf8.elementsEqual(second.text.utf8)
    }

    static func < (first: FakeName, second: FakeName) -> Bool {
        first.text.utf8.lexicographicallyPrecedes(second.text.utf8)
    }

    func hash(into hasher: inout Hasher) {
        // Texts that look the same have the same hash, which is allowed.
        hasher.combine(text)
    }
}
