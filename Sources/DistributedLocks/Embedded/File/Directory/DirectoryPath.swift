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
}

extension FileStore {
    /// The directory in which all processes of this user on this machine meet: `/run/dlock` for root (or `/tmp/dlock-0`
    /// where there is no `/run`), and `/tmp/dlock-<uid>` for everybody else; on Apple's systems, `dlock` in the user's
    /// temporary directory.
    public static func defaultDirectory() -> String {
        // It must not depend on the environment or on who is logged in, since a cron job and a shell of the same user
        // have to meet. So not XDG_RUNTIME_DIR: it is not set for cron jobs, and exists only while the user is logged
        // in.
        #if canImport(Darwin)
            var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
            let length = confstr(_CS_DARWIN_USER_TEMP_DIR, &buffer, buffer.count)
            if length > 1, length <= buffer.count {
                let path = String(decoding: buffer.prefix(length - 1).map { UInt8(bitPattern: $0) }, as: UTF8.self)
                return path.hasSuffix("/") ? path + "dlock" : path + "/dlock"
            }
        #endif
        var info = stat()
        if geteuid() == 0, stat("/run", &info) == 0, info.kind == S_IFDIR { return "/run/dlock" }
        return "/tmp/dlock-\(geteuid())"
    }
}
