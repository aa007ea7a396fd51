import DistributedLocks

/// The keys of one lock. All of them are in the hash slot of the lock itself.
struct LockKeys: Hashable, Sendable {
    /// The lock: the prefix and the name, nothing else. Foreign clients know only this key.
    let lock: String
    /// The keys beside it: the fencing token that was issued last, who waits, and in which order.
    let fence, waiters, queue: String

    /// In the order in which the scripts expect them.
    var all: [String] { [lock, fence, waiters, queue] }

    /// Before the suffixes of a lock that has no hash tag, and so becomes one: `{orders/42}:dlock:fence`.
    private static let plainMarker = ":dlock:"
    /// Before those of a lock that has one: `orders/{42}:dlock-tag:fence`.
    private static let taggedMarker = ":dlock-tag:"
    private static let suffixes = ["fence", "waiters", "queue"]

    /// Makes the keys of a name.
    ///
    /// - Parameters:
    ///   - name: The name of the lock.
    ///   - prefix: What is put before it.
    /// - Throws: ``LockError/invalid(_:)`` for a name that looks like a key of ours beside a lock.
    init(_ name: LockName, prefix: String) throws(LockError) {
        lock = prefix.isEmpty ? name.text : prefix + name.text
        let isTagged = Self.hasHashTag(lock)
        let base = isTagged ? lock + Self.taggedMarker : "{" + lock + "}" + Self.plainMarker
        fence = base + Self.suffixes[0]
        waiters = base + Self.suffixes[1]
        queue = base + Self.suffixes[2]
        if Self.lock(besides: lock) != nil {
            throw .invalid("a name that ends with \"\(Self.plainMarker)fence\" or the like is reserved")
        }
    }

    /// The lock that a key stands beside; `nil` if it is a lock itself, or none of our business.
    static func lock(besides key: String) -> String? {
        for suffix in suffixes {
            if let base = removing(taggedMarker + suffix, from: key) { return hasHashTag(base) ? base : nil }
            if let base = removing(plainMarker + suffix, from: key), base.hasPrefix("{"), base.hasSuffix("}") {
                return String(base.dropFirst().dropLast())
            }
        }
        return nil
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

    /// Byte-wise, unlike `String.hasSuffix`.
    private static func removing(_ suffix: String, from key: String) -> String? {
        guard key.utf8.count > suffix.utf8.count, key.utf8.suffix(suffix.utf8.count).elementsEqual(suffix.utf8) else {
            return nil
        }
        return String(key.utf8.dropLast(suffix.utf8.count))
    }
}
