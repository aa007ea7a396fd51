/// The name of a lock: any bytes but none at all, up to 1,024 of them, compared byte by byte; usually UTF-8 text.
///
/// `String` compares by Unicode equivalence, servers compare bytes; two names that merely look alike are different locks.
public struct LockName: Hashable, Sendable, CustomStringConvertible {
    /// The longest name, in bytes.
    public static let maximumLength = 1_024

    /// The name as text; what is not UTF-8 in it is replaced (U+FFFD), so that different names may have the same text.
    public let text: String
    /// The bytes of a name that is not UTF-8.
    private let foreignBytes: [UInt8]?

    /// Checks a name.
    ///
    /// - Throws: ``LockError/invalid(_:)`` when it is empty or too long.
    public init(_ text: String) throws(LockError) {
        try Self.check(length: text.utf8.count)
        self.text = text
        foreignBytes = nil
    }

    /// Checks a name that may be in any encoding.
    ///
    /// - Throws: ``LockError/invalid(_:)`` when it is empty or too long.
    public init(bytes: some Collection<UInt8>) throws(LockError) {
        try Self.check(length: bytes.count)
        if let text = String(validating: bytes, as: UTF8.self) {
            self.text = text
            foreignBytes = nil
        } else {
            text = String(decoding: bytes, as: UTF8.self)
            foreignBytes = Array(bytes)
        }
    }

    /// The bytes of the name: those of the text, if it is UTF-8.
    public var bytes: [UInt8] { foreignBytes ?? Array(text.utf8) }

    /// Whether the bytes are UTF-8, so that the text is the whole name.
    public var isText: Bool { foreignBytes == nil }

    /// The name as text.
    public var description: String { text }

    /// Byte-wise equality.
    public static func == (lhs: LockName, rhs: LockName) -> Bool {
        if let bytes = lhs.foreignBytes { return bytes == rhs.foreignBytes }
        return rhs.isText && lhs.text.utf8.count == rhs.text.utf8.count && lhs.text.utf8.elementsEqual(rhs.text.utf8)
    }

    /// Hashes the bytes.
    public func hash(into hasher: inout Hasher) {
        let isHashed: Void? = text.utf8.withContiguousStorageIfAvailable {
            hasher.combine(bytes: UnsafeRawBufferPointer($0))
        }
        if isHashed == nil {
            Array(text.utf8).withUnsafeBytes { hasher.combine(bytes: $0) }
        }
        hasher.combine(UInt8(0xFF))
    }

    private static func check(length: Int) throws(LockError) {
        guard length > 0 else { throw .invalid("the name of a lock must not be empty") }
        guard length <= maximumLength else {
            throw .invalid("the name of a lock has \(length) bytes; at most \(maximumLength) are allowed")
        }
    }
}

extension LockName: Comparable {
    /// Byte-wise order.
    public static func < (lhs: LockName, rhs: LockName) -> Bool {
        guard lhs.isText, rhs.isText else { return lhs.bytes.lexicographicallyPrecedes(rhs.bytes) }
        return lhs.text.utf8.lexicographicallyPrecedes(rhs.text.utf8)
    }
}
