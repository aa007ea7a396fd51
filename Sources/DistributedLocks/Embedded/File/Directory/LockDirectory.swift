#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The directory of a ``FileStore``, checked and open: nobody but its owner can have put anything there.
package final class LockDirectory: Sendable {
    /// The absolute path.
    let path: String
    /// The store's label, for messages.
    let label: String
    /// The directory itself, with a shared `flock`: systemd-tmpfiles leaves alone what is locked
    /// (https://www.freedesktop.org/software/systemd/man/latest/tmpfiles.d.html#Age).
    let root: Descriptor
    /// Where the lock files are.
    let locks: Descriptor
    /// Where the sessions' files are.
    let sessions: Descriptor

    private static let locksName = "locks"
    private static let sessionsName = "sessions"

    /// Opens the directory at `path`, and makes it if only its last component is missing.
    ///
    /// - Parameters:
    ///   - path: An absolute path without a trailing slash.
    ///   - label: The store's label.
    ///   - probe: Tells what kind of file system it is.
    /// - Throws: ``LockError/denied(store:reason:)`` if somebody else could have tampered with it, or it is not ours;
    ///   ``LockError/unsupported(store:feature:)`` on a network file system; ``LockError/storeFailed(store:reason:)``
    ///   and ``LockError/invalid(_:)`` for the rest.
    package init(
        path: String,
        label: String,
        probe: @Sendable (Descriptor) -> FileSystemKind
    ) throws(LockError) {
        self.path = path
        self.label = label
        let opener = Opener(label: label)
        do throws(PathCheck.Weakness) {
            var check = PathCheck()
            try check.check(parentsOf: path)
        } catch {
            throw .denied(store: label, reason: error.reason)
        }
        if !DirectoryPath.exists(path) { DirectoryPath.makeParents(ofDefault: path) }
        root = try opener.open(path, in: nil, shown: path)
        if let reason = probe(root).reason { throw .unsupported(store: label, feature: reason) }
        locks = try opener.open(Self.locksName, in: root, shown: path + "/" + Self.locksName)
        sessions = try opener.open(Self.sessionsName, in: root, shown: path + "/" + Self.sessionsName)
        keepFromAging()
    }

    /// Tries again to take the lock that keeps the directory from being cleaned up; does nothing if it is held.
    func keepFromAging() {
        _ = try? root.tryLock(exclusive: false)
    }

    /// Makes the directories look used just now, so that they are left alone by what removes old files.
    func touch() {
        for directory in [root, locks, sessions] { directory.touch() }
    }

    /// The paths that must not be moved away while the directory is in use: its own, and those of all it lies in.
    var placesToWatch: [String] {
        var paths = ["\(path)/\(Self.locksName)", "\(path)/\(Self.sessionsName)"]
        var rest = path.split(separator: "/")[...]
        while !rest.isEmpty {
            paths.append("/" + rest.joined(separator: "/"))
            rest = rest.dropLast()
        }
        return paths
    }

    /// The path of a lock file, for messages.
    func path(ofLock fileName: String) -> String { "\(path)/\(Self.locksName)/\(fileName)" }

    /// The path of a session's file, for messages.
    func path(ofSession fileName: String) -> String { "\(path)/\(Self.sessionsName)/\(fileName)" }

    /// Whether the path still leads here: nobody has removed, renamed or replaced the directories.
    var isInPlace: Bool {
        var info = stat()
        guard lstat(path, &info) == 0 else { return false }
        return (try? root.attributes()).map(FileIdentity.init) == FileIdentity(info)
            && holds(locks, Self.locksName) && holds(sessions, Self.sessionsName)
    }

    private func holds(_ directory: Descriptor, _ name: String) -> Bool {
        guard let found = try? root.attributes(of: name), let own = try? directory.attributes() else { return false }
        return FileIdentity(found) == FileIdentity(own)
    }

    /// Explains a failed system call on one of the directory's files.
    func explain(_ error: PlatformErrno, trying action: String, _ path: String) -> LockError {
        LockError(error, trying: "\(action) \(path)", store: label)
    }
}

/// Makes, opens and checks one directory.
private struct Opener {
    let label: String

    func open(_ name: String, in parent: Descriptor?, shown: String) throws(LockError) -> Descriptor {
        let directory: Descriptor
        let info: stat
        do throws(PlatformErrno) {
            let isNew = try make(name, in: parent)
            directory = try Descriptor.open(name, in: parent, O_RDONLY | O_DIRECTORY)
            // Whatever the umask, the owner must be able to use it, and nobody else.
            if isNew { _ = directory.withNumber { fchmod($0, 0o700) } }
            info = try directory.attributes()
        } catch {
            throw explain(error, name, parent, shown)
        }
        try check(info, shown)
        return directory
    }

    private func make(_ name: String, in parent: Descriptor?) throws(PlatformErrno) -> Bool {
        do throws(PlatformErrno) {
            guard let parent else {
                _ = try PlatformErrno.check { mkdir(name, 0o700) }
                return true
            }
            _ = try parent.withNumber { number throws(PlatformErrno) in
                try PlatformErrno.check { mkdirat(number, name, 0o700) }
            }
            return true
        } catch {
            // Of a directory that exists, a read-only file system may say either.
            guard error.code == EEXIST || (error.code == EROFS && exists(name, in: parent)) else { throw error }
            return false
        }
    }

    private func exists(_ name: String, in parent: Descriptor?) -> Bool {
        var info = stat()
        guard let parent else { return lstat(name, &info) == 0 }
        return parent.withNumber { fstatat($0, name, &info, AT_SYMLINK_NOFOLLOW) == 0 }
    }

    private func check(_ info: stat, _ shown: String) throws(LockError) {
        guard info.st_uid == geteuid() else {
            throw denied(
                """
                \(shown) belongs to user \(info.st_uid), not to user \(geteuid()); remove it, or choose another directory
                """
            )
        }
        guard info.st_mode & 0o022 == 0 else {
            throw denied("\(shown) is writable for others than its owner; chmod go-w it, or choose another directory")
        }
    }

    private func explain(
        _ error: PlatformErrno,
        _ name: String,
        _ parent: Descriptor?,
        _ shown: String
    ) -> LockError {
        switch error.code {
        case ENOTDIR, ELOOP:
            var info = stat()
            let isLink =
                if let parent {
                    parent.withNumber { fstatat($0, name, &info, AT_SYMLINK_NOFOLLOW) == 0 && info.kind == S_IFLNK }
                } else {
                    lstat(name, &info) == 0 && info.kind == S_IFLNK
                }
            return denied("\(shown) is \(isLink ? "a symbolic link" : "not a directory"); choose a real directory")
        case ENOENT:
            return .storeFailed(store: label, reason: "\(shown) cannot be made, as its parent directory does not exist")
        default:
            return LockError(error, trying: "use the directory \(shown)", store: label)
        }
    }

    private func denied(_ reason: String) -> LockError { .denied(store: label, reason: reason) }
}
