/// The name of a lock: any non-empty UTF-8 text of up to 1,024 bytes, compared byte by byte.
///
/// `String` compares by Unicode equivalence, servers compare bytes; two names that merely look alike are different locks.
public struct LockName: Hashable, Sendable, CustomStringConvertible {
    /// The longest name, in bytes of UTF-8.
    public static let maximumLength = 1_024

    /// The name as text.
    public let text: String

    /// Checks a name.
    ///
    /// - Throws: ``LockError/invalid(_:)`` when it is empty or too long.
    public init(_ text: String) throws(LockError) {
        let length = text.utf8.count
        guard length > 0 else { throw .invalid("the name of a lock must not be empty") }
        guard length <= Self.maximumLength else {
            throw .invalid("the name of a lock has \(length) bytes; at most \(Self.maximumLength) are allowed")
        }
        self.text = text
    }

    /// The name as text.
    public var description: String { text }

    /// Byte-wise equality.
    public static func == (lhs: LockName, rhs: LockName) -> Bool {
        lhs.text.utf8.count == rhs.text.utf8.count && lhs.text.utf8.elementsEqual(rhs.text.utf8)
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
}

extension LockName: Comparable {
    /// Byte-wise order.
    public static func < (lhs: LockName, rhs: LockName) -> Bool {
        lhs.text.utf8.lexicographicallyPrecedes(rhs.text.utf8)
    }
}
