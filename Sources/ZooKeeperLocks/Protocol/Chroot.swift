/// What the paths of a client begin with on the server, and what the client does not see.
struct Chroot: Hashable, Sendable {
    /// Empty, or a path that begins with a slash and does not end with one.
    let prefix: String

    /// Makes a chroot.
    ///
    /// - Parameter path: A valid path; `/` and nothing are the same.
    init(_ path: String = "") {
        prefix = path == "/" ? "" : path
    }

    /// The path on the server.
    func full(_ path: String) -> String {
        if prefix.isEmpty { return path }
        return path == "/" ? prefix : prefix + path
    }

    /// The path that the client knows; as it is, if it is not below the chroot.
    func stripped(_ path: String) -> String {
        guard !prefix.isEmpty, path.utf8.starts(with: prefix.utf8) else { return path }
        let rest = path.utf8.dropFirst(prefix.utf8.count)
        if rest.isEmpty { return "/" }
        return rest.first == UInt8(ascii: "/") ? String(rest) ?? path : path
    }
}
