#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// What kind of file system a directory lies on, as far as it matters for locks.
package enum FileSystemKind: Hashable, Sendable {
    /// All processes that see the directory run on this machine's kernel.
    case local
    /// Other machines may see it too, and kernel locks and named pipes do not reach them.
    case shared(type: String)
    /// It is provided by a program, of which is not known whether other machines see the same files.
    case unknown(type: String)

    /// Judges by the name of a file system's type, as `mount` prints it.
    package init(type: String) {
        if Self.sharedTypes.contains(type) {
            self = .shared(type: type)
        } else if type == "fuse" || type.hasPrefix("fuse.") {
            let program = String(type.dropFirst(5))
            if Self.localPrograms.contains(program) {
                self = .local
            } else {
                self = Self.sharedPrograms.contains(program) ? .shared(type: type) : .unknown(type: type)
            }
        } else {
            self = .local
        }
    }

    /// Why locks cannot be kept there, and what to do; `nil` if they can.
    var reason: String? {
        switch self {
        case .local: nil
        case .shared(let type):
            """
            directories on \(type): its locks do not reach the other machines that see them; choose a \
            directory on a local file system, or use a server as the store
            """
        case .unknown(let type):
            """
            directories on \(type): a program provides these files, and whether other machines see them too cannot be told, \
            so locks there cannot be trusted; choose a directory on a local file system, or use a server as the store
            """
        }
    }

    private static let sharedTypes: Set<String> = [
        "nfs", "nfs4", "cifs", "smb", "smb2", "smb3", "smbfs", "ncpfs", "afs", "coda", "9p", "virtiofs", "ceph",
        "lustre",
        "gfs", "gfs2", "ocfs2", "gpfs", "orangefs", "pvfs2", "beegfs", "glusterfs", "vboxsf", "vmhgfs", "webdav",
        "afpfs",
    ]

    /// What FUSE programs call themselves whose files are this machine's: layers over other local directories, and disks.
    private static let localPrograms: Set<String> = [
        "fuse-overlayfs", "overlayfs", "unionfs", "unionfs-fuse", "mergerfs", "bindfs", "gocryptfs", "encfs", "cryfs",
        "securefs", "fuse2fs", "fuse-ext2", "ext4fuse", "ntfs-3g", "lxcfs",
    ]

    /// What FUSE programs call themselves whose files are elsewhere.
    private static let sharedPrograms: Set<String> = [
        "sshfs", "s3fs", "s3ql", "goofys", "mountpoint-s3", "gcsfuse", "blobfuse", "blobfuse2", "rclone", "davfs",
        "davfs2",
        "curlftpfs", "smbnetfs", "afpfs", "glusterfs", "ceph", "ceph-fuse", "cephfs", "mfs", "moosefs", "lizardfs",
        "saunafs", "seaweedfs", "juicefs", "beegfs", "lustre", "orangefs", "hadoop", "fuse_dfs", "gvfsd-fuse", "portal",
        "vmhgfs-fuse", "prl_fs", "osxfs", "grpcfuse", "fakeowner",
    ]

    /// Asks the system about an open file; what cannot be found out counts as local.
    static func probe(_ file: Descriptor) -> FileSystemKind {
        #if canImport(Darwin)
            file.withNumber { number in
                var info = statfs()
                guard fstatfs(number, &info) == 0, info.f_flags & UInt32(MNT_LOCAL) == 0 else { return .local }
                return .shared(type: "a network file system")
            }
        #else
            // Not `fstatfs`: neither C library's module gives it to Swift.
            let description = file.withNumber { contents(of: "/proc/self/fdinfo/\($0)") }
            return type(fileInfo: description, mounts: contents(of: "/proc/self/mountinfo")).map(Self.init) ?? .local
        #endif
    }

    /// The type of the mount that a file lies on.
    ///
    /// - Parameters:
    ///   - fileInfo: The contents of `/proc/self/fdinfo/<number>`, with a line `mnt_id: <mount>`.
    ///   - mounts: The contents of `/proc/self/mountinfo`: lines that begin with the mount and have the type after ` -
    ///     `.
    /// - Returns: For example `ext4`; `nil` if it cannot be told.
    package static func type(fileInfo: String, mounts: String) -> String? {
        guard let line = fileInfo.split(separator: "\n").first(where: { $0.hasPrefix("mnt_id:") }),
            let mount = line.split(whereSeparator: \.isWhitespace).last
        else { return nil }
        for line in mounts.split(separator: "\n") {
            let fields = line.split(separator: " ")
            guard fields.first == mount, let dash = fields.firstIndex(of: "-"), dash + 1 < fields.count else {
                continue
            }
            return String(fields[dash + 1])
        }
        return nil
    }

    private static func contents(of path: String) -> String {
        guard let file = try? Descriptor.open(path, O_RDONLY) else { return "" }
        var text: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16_384)
        while let count = try? file.read(into: &buffer, 0..<buffer.count, at: text.count), count > 0 {
            text += buffer.prefix(count)
        }
        return String(decoding: text, as: UTF8.self)
    }
}
