import NIOCore

/// A key as the server sees it: bytes, whatever they say. (Strings count as equal when they merely look alike.)
struct KeyBytes: Hashable, Comparable, Sendable {
    let bytes: [UInt8]

    /// These bytes.
    init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// The UTF-8 of a text.
    init(_ text: String) {
        bytes = Array(text.utf8)
    }

    /// The text, for messages; what is no UTF-8 in it is replaced.
    var text: String { String(decoding: bytes, as: UTF8.self) }

    /// Byte-wise order.
    static func < (lhs: KeyBytes, rhs: KeyBytes) -> Bool {
        lhs.bytes.lexicographicallyPrecedes(rhs.bytes)
    }
}

extension KeyBytes {
    /// Reads what a server says; `nil` for anything but a string.
    init?(_ value: RESPValue) {
        guard case .string(let buffer) = value else { return nil }
        self.init(bytes: Array(buffer.readableBytesView))
    }
}

extension RedisCommand {
    /// Adds a word: the bytes of the key.
    mutating func append(_ key: KeyBytes) { append(key.bytes) }
}
