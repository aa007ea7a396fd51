/// Text of another program: bytes without a null character, in whatever encoding.
///
/// Arguments and environment variables need not be UTF-8, and a command must get what the user gave.
struct ByteString: Hashable, Sendable, ExpressibleByStringLiteral {
    let bytes: [UInt8]

    /// The bytes up to the first null character.
    init(_ bytes: some Sequence<UInt8>) {
        self.bytes = Array(bytes.prefix { $0 != 0 })
    }

    init(_ text: String) {
        self.init(text.utf8)
    }

    init(stringLiteral text: String) {
        self.init(text)
    }

    /// The bytes of a C string.
    init(cString: UnsafePointer<CChar>) {
        var bytes: [UInt8] = []
        var next = cString
        while next.pointee != 0 {
            bytes.append(UInt8(bitPattern: next.pointee))
            next += 1
        }
        self.bytes = bytes
    }

    /// The bytes as text; what is not UTF-8 is replaced.
    var text: String { String(decoding: bytes, as: UTF8.self) }

    /// Whether the bytes are UTF-8.
    var isText: Bool { String(validating: bytes, as: UTF8.self) != nil }
}
