/// A key as the server sees it: bytes. (Strings count as equal when they merely look alike.)
struct KeyBytes: Hashable, Comparable, Sendable {
    let bytes: [UInt8]

    /// The UTF-8 of a text.
    init(_ text: String) {
        bytes = Array(text.utf8)
    }

    /// The text.
    var text: String { String(decoding: bytes, as: UTF8.self) }

    /// Byte-wise order.
    static func < (lhs: KeyBytes, rhs: KeyBytes) -> Bool {
        lhs.bytes.lexicographicallyPrecedes(rhs.bytes)
    }
}
