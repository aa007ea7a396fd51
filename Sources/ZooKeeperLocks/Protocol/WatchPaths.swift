import NIOCore

/// The paths on which watches are set again together.
struct WatchPaths: Hashable, Sendable {
    var data: [String] = []
    var exists: [String] = []
    var children: [String] = []
    var persistent: [String] = []
    var persistentRecursive: [String] = []

    /// Whether there are watches that servers before 3.6 do not have.
    var hasPersistent: Bool { !persistent.isEmpty || !persistentRecursive.isEmpty }

    /// Whether there are none.
    var isEmpty: Bool { data.isEmpty && exists.isEmpty && children.isEmpty && !hasPersistent }

    /// Writes the lists.
    func write(below chroot: Chroot, into bytes: inout ByteBuffer) {
        var lists = [data, exists, children]
        if hasPersistent { lists += [persistent, persistentRecursive] }
        for paths in lists {
            bytes.writeJute(paths) { path, bytes in bytes.writeJute(chroot.full(path)) }
        }
    }
}
