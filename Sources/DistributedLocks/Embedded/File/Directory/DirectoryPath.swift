#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Paths of the directories of ``FileStore``s.
enum DirectoryPath {
    /// Makes a path absolute, and removes slashes at its end.
    ///
    /// - Throws: ``LockError/invalid(_:)`` if it is empty, or has a zero byte in it.
    static func absolute(_ path: String) throws(LockError) -> String {
        guard !path.isEmpty else { throw .invalid("the directory of a file store must not be empty") }
        guard !path.utf8.contains(0) else {
            throw .invalid("the directory of a file store must not contain a zero byte")
        }
        var result = path.hasPrefix("/") ? path : try current() + "/" + path
        while result.count > 1, result.hasSuffix("/") { result.removeLast() }
        guard result != "/" else { throw .invalid("the directory of a file store must not be the root directory") }
        return result
    }

    private static func current() throws(LockError) -> String {
        guard let path = getcwd(nil, 0) else {
            throw .invalid("the current directory cannot be told, so the directory of a file store must begin with /")
        }
        defer { free(path) }
        return String(cString: path)
    }

    /// Whether there is anything at a path, or it cannot be told.
    static func exists(_ path: String) -> Bool {
        var info = stat()
        return lstat(path, &info) == 0 || errno != ENOENT
    }

    /// The directories between a user's home and the default one, which are made if they are missing.
    static let stateComponents = [".local", "state"]

    /// The user's home according to the user database, not the environment, if locks can be kept there: it belongs to the
    /// user, and is on a local file system.
    static func usableHome() -> String? {
        var buffer = [CChar](repeating: 0, count: 16_384)
        var entry = passwd()
        var found: UnsafeMutablePointer<passwd>?
        guard getpwuid_r(geteuid(), &entry, &buffer, buffer.count, &found) == 0, let directory = found?.pointee.pw_dir
        else { return nil }
        let home = String(cString: directory)
        guard home.hasPrefix("/"), home != "/", let file = try? Descriptor.open(home, O_RDONLY | O_DIRECTORY),
            let info = try? file.attributes(), info.st_uid == geteuid(), FileSystemKind.probe(file) == .local
        else { return nil }
        return home
    }

    /// Makes the directories in which the default one lies, if `path` is that.
    static func makeParents(ofDefault path: String) {
        guard geteuid() != 0, path == FileStore.defaultDirectory(), let home = usableHome() else { return }
        var parent = home
        for component in stateComponents {
            parent += "/" + component
            _ = mkdir(parent, 0o700)
        }
    }
}

extension FileStore {
    /// The directory in which all processes of this user on this machine meet, where nobody else can have put anything:
    ///
    /// - for root, `/run/dlock`;
    /// - for everybody else, `.local/state/dlock` in the home directory that the user database names;
    /// - where that is not the user's own or is on a network file system, and where there is no `/run`, `/tmp/dlock-<uid>`;
    ///   if somebody else has made that before, using it fails with a message that says so;
    /// - on Apple's systems, `dlock` in the user's temporary directory.
    public static func defaultDirectory() -> String {
        // It must not depend on the environment or on who is logged in, since a cron job and a shell of the same user
        // have to meet. So not XDG_RUNTIME_DIR: it is not set for cron jobs, and exists only while the user is logged
        // in. Nor HOME and XDG_STATE_HOME, which sudo and cron set as they like.
        #if canImport(Darwin)
            var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
            let length = confstr(_CS_DARWIN_USER_TEMP_DIR, &buffer, buffer.count)
            if length > 1, length <= buffer.count {
                let path = String(decoding: buffer.prefix(length - 1).map { UInt8(bitPattern: $0) }, as: UTF8.self)
                return path.hasSuffix("/") ? path + "dlock" : path + "/dlock"
            }
        #endif
        var info = stat()
        if geteuid() == 0 {
            if stat("/run", &info) == 0, info.kind == S_IFDIR { return "/run/dlock" }
        } else if let home = DirectoryPath.usableHome() {
            return ([home] + DirectoryPath.stateComponents + ["dlock"]).joined(separator: "/")
        }
        return "/tmp/dlock-\(geteuid())"
    }
}
