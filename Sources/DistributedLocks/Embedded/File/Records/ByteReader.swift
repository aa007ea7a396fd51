/// Reads numbers and texts from bytes that nobody vouches for: it never reads past the end, and never traps.
struct ByteReader {
    /// The bytes do not say what they should.
    struct Malformed: Error {}

    private let bytes: ArraySlice<UInt8>
    private var position: Int

    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        position = bytes.startIndex
    }

    /// How many bytes have not been read.
    var remaining: Int { bytes.endIndex - position }

    /// The next number, in little-endian order.
    mutating func number<Number: FixedWidthInteger>(_ type: Number.Type = Number.self) throws(Malformed) -> Number {
        let size = Number.bitWidth / 8
        guard remaining >= size else { throw Malformed() }
        var value: Number = 0
        for index in 0..<size {
            value |= Number(truncatingIfNeeded: bytes[position + index]) << (8 * index)
        }
        position += size
        return value
    }

    /// The next text: its length in 16 bits, then UTF-8.
    mutating func text() throws(Malformed) -> String {
        let length = Int(try number(UInt16.self))
        guard remaining >= length else { throw Malformed() }
        defer { position += length }
        guard let text = String(validating: bytes[position..<position + length], as: UTF8.self) else {
            throw Malformed()
        }
        return text
    }
}

extension [UInt8] {
    /// Appends `value` in little-endian order.
    mutating func append<Number: FixedWidthInteger>(number value: Number) {
        for index in 0..<Number.bitWidth / 8 {
            append(UInt8(truncatingIfNeeded: value >> (8 * index)))
        }
    }

    /// Appends the length of `text` in 16 bits and its UTF-8.
    mutating func append(text: String) {
        append(number: UInt16(truncatingIfNeeded: text.utf8.count))
        append(contentsOf: text.utf8)
    }
}
