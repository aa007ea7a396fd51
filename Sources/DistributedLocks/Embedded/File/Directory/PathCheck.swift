#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Makes sure that nobody but root and the user can move a directory away or put another one in its place: each directory on
/// the way to it, and each symbolic link, has to belong to one of the two, and must not be writable for others, unless only
/// the owners of its entries can move these (the sticky bit).
struct PathCheck {
    /// What is wrong on the way.
    struct Weakness: Error, Hashable {
        /// The component, and what is wrong with it.
        let reason: String
    }

    private var trusted: Set<uid_t>
    private var linksLeft = 40

    /// For the user of this process.
    init() {
        trusted = [0, geteuid()]
        // In a container the machine's root user may not be visible as such; whoever owns `/` can do anything anyway.
        var root = stat()
        if lstat("/", &root) == 0 { trusted.insert(root.st_uid) }
    }

    /// Checks everything above the last component of an absolute path; what does not exist is left to who opens it.
    mutating func check(parentsOf path: String) throws(Weakness) {
        let components = path.split(separator: "/").dropLast()
        _ = try follow(components.map(String.init), from: "")
    }

    /// - Returns: The directory where the components lead, without links; `nil` if it does not exist.
    private mutating func follow(_ components: [String], from start: String) throws(Weakness) -> String? {
        var directory = start
        try check("/")
        for component in components where component != "." && !component.isEmpty {
            if component == ".." {
                directory = directory.split(separator: "/").dropLast().map { "/" + $0 }.joined()
                continue
            }
            let path = directory + "/" + component
            var info = stat()
            guard lstat(path, &info) == 0 else { return nil }
            if info.kind == S_IFLNK {
                guard let next = try follow(link: path, info, in: directory) else { return nil }
                directory = next
            } else {
                try check(path)
                directory = path
            }
        }
        return directory
    }

    private mutating func follow(link path: String, _ info: stat, in directory: String) throws(Weakness) -> String? {
        guard trusted.contains(info.st_uid) else { throw foreign(path, info.st_uid) }
        linksLeft -= 1
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let length = readlink(path, &buffer, buffer.count)
        guard linksLeft > 0, length > 0 else { return nil }
        let target = String(decoding: buffer.prefix(length).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let start = target.hasPrefix("/") ? "" : directory
        return try follow(target.split(separator: "/").map(String.init), from: start)
    }

    private func check(_ path: String) throws(Weakness) {
        var info = stat()
        guard lstat(path, &info) == 0 else { return }
        guard trusted.contains(info.st_uid) else { throw foreign(path, info.st_uid) }
        guard info.st_mode & 0o022 == 0 || info.st_mode & S_ISVTX != 0 else {
            throw Weakness(
                reason: """
                    others than its owner can write to \(path), so they could move the locks away; chmod go-w it, or choose \
                    another directory
                    """
            )
        }
    }

    private func foreign(_ path: String, _ user: uid_t) -> Weakness {
        Weakness(
            reason: """
                \(path) belongs to user \(user), who could move the locks away; choose a directory on whose way \
                everything belongs to root or to user \(geteuid())
                """
        )
    }
}
