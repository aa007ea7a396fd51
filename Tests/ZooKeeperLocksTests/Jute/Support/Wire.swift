import NIOCore

/// Bytes as a person writes them down, apart from the code that is tested: hexadecimal digits stand for themselves, what
/// is between apostrophes for its characters, and what is in parentheses for a text with its length before it.
///
/// ```swift
/// wire("00000001 'abc' (/a)")  // 00 00 00 01 61 62 63 00 00 00 02 2f 61
/// ```
func wire(_ text: String) -> [UInt8] {
    var bytes: [UInt8] = []
    for token in text.split(whereSeparator: \.isWhitespace) {
        switch token.first {
        case "'": bytes += Array(token.dropFirst().dropLast().utf8)
        case "(": bytes += counted(Array(token.dropFirst().dropLast().utf8))
        default: bytes += digits(Array(token.utf8))
        }
    }
    return bytes
}

/// The same with its length before it: a frame, a text, a buffer.
func counted(_ bytes: [UInt8]) -> [UInt8] {
    let count = bytes.count
    return [UInt8(count >> 24 & 255), UInt8(count >> 16 & 255), UInt8(count >> 8 & 255), UInt8(count & 255)] + bytes
}

/// A frame as a person writes it down.
func frame(_ text: String) -> [UInt8] { counted(wire(text)) }

private func digits(_ text: [UInt8]) -> [UInt8] {
    precondition(text.count.isMultiple(of: 2), "half a byte in \(String(decoding: text, as: UTF8.self))")
    return stride(from: 0, to: text.count, by: 2).map { index in
        guard let byte = UInt8(String(decoding: text[index..<index + 2], as: UTF8.self), radix: 16) else {
            preconditionFailure("not hexadecimal: \(String(decoding: text, as: UTF8.self))")
        }
        return byte
    }
}

extension ByteBuffer {
    /// What is readable.
    var bytes: [UInt8] { Array(readableBytesView) }

    /// What `body` writes.
    init(_ body: (inout ByteBuffer) -> Void) {
        self.init()
        body(&self)
    }
}

extension [UInt8] {
    /// Two reads.
    func cut(at index: Int) -> [ArraySlice<UInt8>] { [self[..<index], self[index...]] }

    /// Reads of up to `size` bytes each.
    func pieces(of size: Int) -> [ArraySlice<UInt8>] {
        stride(from: 0, to: count, by: size).map { self[$0..<Swift.min($0 + size, count)] }
    }
}
