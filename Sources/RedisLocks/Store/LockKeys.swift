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
    let lock: String
    /// What the keys beside it begin with: it has the hash tag of the lock, or the lock as its hash tag.
    let base: String

    /// After the base of a lock that has no hash tag, and so becomes one: `{orders/42}:dlock:fence`.
    private static let plainMarker = ":dlock:"
    /// After that of a lock that has one: `orders/{42}:dlock-tag:fence`.
    private static let taggedMarker = ":dlock-tag:"

    /// Makes the keys of a name.
    ///
    /// - Parameters:
    ///   - name: The name of the lock.
    ///   - prefix: What is put before it.
    /// - Throws: `LockError.invalid` for a name that looks like a key of ours beside a lock.
    init(_ name: LockName, prefix: String) throws(LockError) {
        lock = prefix.isEmpty ? name.text : prefix + name.text
        base = Self.hasHashTag(lock) ? lock + Self.taggedMarker : "{" + lock + "}" + Self.plainMarker
        if Self.mayBeCompanion(lock), Self.lock(besides: lock) != nil {
            throw .invalid("a name that ends with \"\(Self.plainMarker)fence\" or the like is reserved")
        }
    }

    /// A key beside the lock.
    func companion(_ companion: Companion) -> String { base + companion.rawValue }

    /// The lock that a key stands beside; `nil` if it is a lock itself, or none of our business.
    static func lock(besides key: String) -> String? {
        for companion in Companion.allCases {
            if let base = removing(taggedMarker + companion.rawValue, from: key) {
                return hasHashTag(base) ? base : nil
            }
            if let base = removing(plainMarker + companion.rawValue, from: key) {
                return withoutBraces(base)
            }
        }
        return nil
    }

    /// Whether the last letter is that of a key beside a lock; spares almost all names the closer look.
    private static func mayBeCompanion(_ key: String) -> Bool {
        switch key.utf8.last {
        case UInt8(ascii: "e"), UInt8(ascii: "s"): true
        default: false
        }
    }

    /// Whether only a part of the key decides on its slot
    /// (https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#hash-tags).
    private static func hasHashTag(_ key: String) -> Bool {
        let bytes = key.utf8
        guard let open = bytes.firstIndex(of: UInt8(ascii: "{")) else { return false }
        let start = bytes.index(after: open)
        guard let close = bytes[start...].firstIndex(of: UInt8(ascii: "}")) else { return false }
        return close != start
    }

    /// What is between the braces that make a hash tag of a lock.
    ///
    /// Byte-wise: a name may begin with what joins the brace before it to one character.
    private static func withoutBraces(_ base: String) -> String? {
        guard base.utf8.count > 2, base.utf8.first == UInt8(ascii: "{"), base.utf8.last == UInt8(ascii: "}") else {
            return nil
        }
        let lock = String(Substring(base.utf8.dropFirst().dropLast()))
        return hasHashTag(lock) ? nil : lock
    }

    /// Byte-wise, unlike `String.hasSuffix`.
    private static func removing(_ suffix: String, from key: String) -> String? {
        guard key.utf8.count > suffix.utf8.count, key.utf8.suffix(suffix.utf8.count).elementsEqual(suffix.utf8) else {
            return nil
        }
        return String(Substring(key.utf8.dropLast(suffix.utf8.count)))
    }
}
