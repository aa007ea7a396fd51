import DistributedLocks

/// The keys of one lock. All of them are in the hash slot of the lock itself.
struct LockKeys: Hashable, Sendable {
    /// What stands beside a lock.
    enum Companion: String, CaseIterable {
        /// The fencing token that was issued last.
        case fence
        /// Who waits.
        case waiters
        /// In which order.
        case queue
    }

    /// The lock: the prefix and the name, nothing else. Foreign clients know only this key.
    let lock: KeyBytes
    /// What the keys beside it begin with: it has the hash tag of the lock, or the lock as its hash tag.
    private let base: [UInt8]

    /// After the base of a lock that has no hash tag, and so becomes one: `{orders/42}:dlock:fence`.
    private static let plainMarker = ":dlock:"
    /// After that of a lock that has one: `orders/{42}:dlock-tag:fence`.
    private static let taggedMarker = ":dlock-tag:"
    private static let plainEnd = Array("}\(plainMarker)".utf8)
    private static let taggedEnd = Array(taggedMarker.utf8)
    private static let open = UInt8(ascii: "{")
    private static let close = UInt8(ascii: "}")

    /// Makes the keys of a name.
    ///
    /// - Parameters:
    ///   - name: The name of the lock.
    ///   - prefix: What is put before it.
    /// - Throws: `LockError.invalid` for a name that looks like a key of ours beside a lock.
    init(_ name: LockName, prefix: String) throws(LockError) {
        var bytes = Array(prefix.utf8)
        if name.isText { bytes.append(contentsOf: name.text.utf8) } else { bytes += name.bytes }
        lock = KeyBytes(bytes: bytes)
        base = Self.hasHashTag(bytes) ? bytes + Self.taggedEnd : [Self.open] + bytes + Self.plainEnd
        if Self.mayBeCompanion(bytes), Self.lock(besides: lock) != nil {
            throw .invalid("a name that ends with \"\(Self.plainMarker)fence\" or the like is reserved")
        }
    }

    /// A key beside the lock.
    func companion(_ companion: Companion) -> KeyBytes { KeyBytes(bytes: base + companion.rawValue.utf8) }

    /// The lock that a key stands beside; `nil` if it is a lock itself, or none of our business.
    static func lock(besides key: KeyBytes) -> KeyBytes? {
        for companion in Companion.allCases {
            if let base = removing(taggedMarker + companion.rawValue, from: key.bytes) {
                return hasHashTag(base) ? KeyBytes(bytes: Array(base)) : nil
            }
            if let base = removing(plainMarker + companion.rawValue, from: key.bytes) {
                return withoutBraces(base).map { KeyBytes(bytes: Array($0)) }
            }
        }
        return nil
    }

    /// Whether the last letter is that of a key beside a lock; spares almost all names the closer look.
    private static func mayBeCompanion(_ key: [UInt8]) -> Bool {
        switch key.last {
        case UInt8(ascii: "e"), UInt8(ascii: "s"): true
        default: false
        }
    }

    /// Whether only a part of the key decides on its slot
    /// (https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#hash-tags).
    private static func hasHashTag(_ bytes: some RandomAccessCollection<UInt8>) -> Bool {
        guard let open = bytes.firstIndex(of: open) else { return false }
        let start = bytes.index(after: open)
        guard let close = bytes[start...].firstIndex(of: close) else { return false }
        return close != start
    }

    /// What is between the braces that make a hash tag of a lock.
    private static func withoutBraces(_ base: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        guard base.count > 2, base.first == open, base.last == close else { return nil }
        let lock = base.dropFirst().dropLast()
        return hasHashTag(lock) ? nil : lock
    }

    private static func removing(_ suffix: String, from key: [UInt8]) -> ArraySlice<UInt8>? {
        let suffix = suffix.utf8
        guard key.count > suffix.count, key.suffix(suffix.count).elementsEqual(suffix) else { return nil }
        return key.dropLast(suffix.count)
    }
}
