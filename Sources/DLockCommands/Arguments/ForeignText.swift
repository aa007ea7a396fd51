/// Text that stands for any bytes, so that what is not UTF-8 gets through a parser that knows nothing but strings.
///
/// Bytes that are UTF-8 stand for themselves. A byte that is not becomes a mark, which is a noncharacter of Unicode, and U+0100 plus
/// the byte; a mark in the text itself is doubled.
enum ForeignText {
    private static let mark: Unicode.Scalar = "\u{10FFFF}"
    private static let base: UInt32 = 0x100

    /// The text for some bytes; different bytes have different texts.
    static func encode(_ bytes: [UInt8]) -> String {
        if let text = String(validating: bytes, as: UTF8.self) {
            return text.unicodeScalars.contains(mark) ? doubled(text) : text
        }
        var text = ""
        var rest = bytes[...]
        while !rest.isEmpty {
            let length = lengthOfFirstScalar(rest)
            if length == 0, let byte = Unicode.Scalar(base + UInt32(rest[rest.startIndex])) {
                text.unicodeScalars.append(mark)
                text.unicodeScalars.append(byte)
                rest = rest.dropFirst()
            } else {
                text += doubled(String(decoding: rest.prefix(length), as: UTF8.self))
                rest = rest.dropFirst(length)
            }
        }
        return text
    }

    /// The bytes of a text that ``encode(_:)`` has made.
    static func decode(_ text: String) -> [UInt8] {
        guard text.unicodeScalars.contains(mark) else { return Array(text.utf8) }
        var bytes: [UInt8] = []
        var isMarked = false
        for scalar in text.unicodeScalars {
            if isMarked {
                isMarked = false
                if scalar == mark {
                    bytes += String(mark).utf8
                } else {
                    bytes.append(UInt8(truncatingIfNeeded: scalar.value))
                }
            } else if scalar == mark {
                isMarked = true
            } else {
                bytes += String(Character(scalar)).utf8
            }
        }
        return bytes
    }

    private static func doubled(_ text: String) -> String {
        text.unicodeScalars.reduce(into: "") { result, scalar in
            if scalar == mark { result.unicodeScalars.append(mark) }
            result.unicodeScalars.append(scalar)
        }
    }

    /// How many bytes the scalar takes with which the bytes begin; 0 if they do not begin with one.
    private static func lengthOfFirstScalar(_ bytes: ArraySlice<UInt8>) -> Int {
        (1...4).first { String(validating: bytes.prefix($0), as: UTF8.self)?.unicodeScalars.count == 1 } ?? 0
    }
}
