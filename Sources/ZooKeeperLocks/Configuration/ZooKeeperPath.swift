import DistributedLocks

/// What ZooKeeper accepts as the path of a node (`PathUtils.validatePath` in its server).
enum ZooKeeperPath {
    /// Whether a node may be called this: not empty, no dots alone, no `/` and no sign that servers refuse.
    static func isComponent(_ text: some StringProtocol) -> Bool {
        !text.isEmpty && text != "." && text != ".." && text.utf16.allSatisfy { isAllowed($0) && $0 != 0x2F }
    }

    /// Whether servers accept this unit of UTF-16. They refuse all that comes in pairs: emoji and rare scripts.
    static func isAllowed(_ unit: UInt16) -> Bool {
        switch unit {
        case 0x0000...0x001F, 0x007F...0x009F, 0xD800...0xF8FF, 0xFFF0...0xFFFF: false
        default: true
        }
    }

    /// Whether this is the full path of a node other than the root.
    static func isAbsolute(_ path: String) -> Bool {
        let components = path.split(separator: "/", omittingEmptySubsequences: false)
        return components.count > 1 && components[0].isEmpty && components.dropFirst().allSatisfy { isComponent($0) }
    }

    /// The longest chroot, in bytes of UTF-8.
    static let maximumChrootLength = 1_024

    /// Checks a chroot: empty, or a path that begins with a slash and does not end with one.
    ///
    /// - Throws: `LockError.invalid` that says what would be right, and does not repeat it: it may have been meant to be
    ///   something else.
    static func validate(chroot: String) throws(LockError) {
        guard !chroot.isEmpty else { return }
        guard isAbsolute(chroot) else {
            throw .invalid(
                "the path of locks in ZooKeeper is written /app/locks: no empty parts, none that is . or .., and no control characters, emoji or private signs"
            )
        }
        guard chroot.split(separator: "/").first != "zookeeper" else {
            throw .invalid("/zookeeper belongs to ZooKeeper itself; choose another path for the locks: /app/locks")
        }
        guard chroot.utf8.count <= maximumChrootLength else {
            throw .invalid("the path of locks in ZooKeeper has at most \(maximumChrootLength) bytes")
        }
    }
}
