import DistributedLocks
import Testing

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

@Suite("The directory of a file store")
struct LockDirectoryTests {
    private let temporary: TemporaryDirectory

    init() throws {
        temporary = try TemporaryDirectory()
    }

    private static var isRoot: Bool { geteuid() == 0 }

    /// The error of a first use of `name`, below the temporary directory.
    private func failure(_ name: String, _ change: (inout FileStore.Configuration) -> Void = { _ in }) async throws
        -> LockError?
    {
        var configuration = FileStore.Configuration(directory: "\(temporary.path)/\(name)")
        change(&configuration)
        let store = try FileStore(configuration: configuration)
        do {
            _ = try await store.take(try claim("x"))
            await store.close()
            return nil
        } catch let error as LockError {
            return error
        }
    }

    private func mode(_ name: String) -> mode_t {
        var info = stat()
        return lstat("\(temporary.path)/\(name)", &info) == 0 ? info.st_mode & 0o777 : 0
    }

    @Test("is created for its owner only")
    func created() async throws {
        #expect(try await failure("new///") == nil)
        #expect(mode("new") == 0o700 && mode("new/locks") == 0o700 && mode("new/sessions") == 0o700)
        #expect(mode("new/tokens") == 0o600)
        #expect(temporary.entries("new/sessions").isEmpty)
    }

    @Test("does not depend on the umask", arguments: ["000", "277"])
    func umask(_ mask: String) async throws {
        try #require(ProbeProcess.isAvailable)
        let probe = "\(ProbeProcess.executable) \(temporary.path)/new stress x 3 > /dev/null"
        #expect(try await ProbeProcess(["-c", "umask \(mask); exec \(probe)"], of: "/bin/sh").join() == 0)
        #expect(mode("new") == 0o700 && mode("new/locks") == 0o700 && mode("new/sessions") == 0o700)
        #expect(mode("new/tokens") == 0o600)
    }

    @Test("is not created together with its parents")
    func missingParent() async throws {
        guard case .storeFailed(_, let reason) = try await failure("no/such") else {
            Issue.record("no error")
            return
        }
        #expect(reason.contains("parent directory does not exist"))
    }

    @Test("must not be a symbolic link, nor contain one")
    func symbolicLinks() async throws {
        mkdir(temporary.path + "/real", 0o700)
        symlink("real", temporary.path + "/link")
        guard case .denied(_, let reason) = try await failure("link") else {
            Issue.record("followed a link")
            return
        }
        #expect(reason.contains("symbolic link"))
        symlink("/tmp", temporary.path + "/real/locks")
        guard case .denied(_, let inner) = try await failure("real") else {
            Issue.record("followed an inner link")
            return
        }
        #expect(inner.contains("real/locks is a symbolic link"))
    }

    @Test("must be a directory")
    func file() async throws {
        TemporaryDirectory.write([], to: temporary.path + "/file")
        guard case .denied(_, let reason) = try await failure("file") else {
            Issue.record("no error")
            return
        }
        #expect(reason.contains("not a directory"))
    }

    @Test("must not be writable for others", arguments: [mode_t(0o720), 0o702, 0o777, 0o1777])
    func writable(_ mode: mode_t) async throws {
        mkdir(temporary.path + "/open", 0o700)
        chmod(temporary.path + "/open", mode)
        guard case .denied(_, let reason) = try await failure("open") else {
            Issue.record("no error")
            return
        }
        #expect(reason.contains("writable for others") && reason.contains("chmod go-w"))
    }

    @Test("must belong to the user", .enabled(if: isRoot, "needs root, to make somebody else's directory"))
    func foreign() async throws {
        mkdir(temporary.path + "/foreign", 0o700)
        chown(temporary.path + "/foreign", 12_345, 12_345)
        guard case .denied(_, let reason) = try await failure("foreign") else {
            Issue.record("no error")
            return
        }
        #expect(reason.contains("belongs to user 12345"))
    }

    @Test("must not be on a network file system", arguments: ["nfs4", "cifs", "fuse.sshfs", "fuse.s3fs", "9p", "ceph"])
    func network(_ type: String) async throws {
        let error = try await failure("net") { $0.fileSystemProbe = { _ in FileSystemKind(type: type) } }
        guard case .unsupported(_, let feature) = error else {
            Issue.record("no error")
            return
        }
        #expect(feature.contains(type) && feature.contains("local file system"))
    }

    @Test(
        "local file systems are let through",
        arguments: ["ext4", "tmpfs", "xfs", "btrfs", "overlay", "apfs", "fuse.fuse-overlayfs", "fuseblk"]
    )
    func local(_ type: String) {
        #expect(FileSystemKind(type: type) == .local)
    }

    @Test(
        "a file system of a program that nobody knows is refused for what it is",
        arguments: ["fuse", "fuse.mystery"]
    )
    func unknownProgram(_ type: String) async throws {
        let error = try await failure("net") { $0.fileSystemProbe = { _ in FileSystemKind(type: type) } }
        guard case .unsupported(_, let feature) = error else {
            Issue.record("no error")
            return
        }
        #expect(
            feature.contains("cannot be told") && feature.contains("choose a directory")
                && !feature.contains("do not reach")
        )
    }

    @Test("must not lie where others could move it away", arguments: [mode_t(0o777), 0o775])
    func openParent(_ mode: mode_t) async throws {
        mkdir(temporary.path + "/open", 0o700)
        mkdir(temporary.path + "/open/inner", 0o700)
        chmod(temporary.path + "/open", mode)
        guard case .denied(_, let reason) = try await failure("open/inner/d") else {
            Issue.record("no error")
            return
        }
        #expect(reason.contains("write to \(temporary.path)/open,") && reason.contains("chmod go-w"))
        chmod(temporary.path + "/open", mode | 0o1000)
        #expect(try await failure("open/inner/d") == nil, "with the sticky bit nobody else can move it")
    }

    @Test(
        "must not lie in somebody else's directory, nor behind somebody else's link",
        .enabled(if: isRoot, "needs root")
    )
    func foreignParent() async throws {
        mkdir(temporary.path + "/foreign", 0o755)
        mkdir(temporary.path + "/foreign/inner", 0o700)
        chown(temporary.path + "/foreign", 12_345, 12_345)
        guard case .denied(_, let reason) = try await failure("foreign/inner/d") else {
            Issue.record("no error")
            return
        }
        #expect(reason.contains("\(temporary.path)/foreign belongs to user 12345"))
        mkdir(temporary.path + "/real", 0o700)
        symlink("real", temporary.path + "/link")
        #expect(try await failure("link/d") == nil, "root's own link")
        lchown(temporary.path + "/link", 12_345, 12_345)
        guard case .denied(_, let link) = try await failure("link/d") else {
            Issue.record("no error")
            return
        }
        #expect(link.contains("/link belongs to user 12345"))
        symlink("foreign/inner", temporary.path + "/around")
        guard case .denied(_, let around) = try await failure("around/d") else {
            Issue.record("no error")
            return
        }
        #expect(around.contains("/foreign belongs to user 12345"))
    }

    @Test("status and list of one that does not exist say that nothing is held, and do not make it")
    func looking() async throws {
        let store = try FileStore(directory: temporary.path + "/none")
        #expect(try await store.status(of: LockName("x")).isIdle)
        #expect(try await store.list().isEmpty)
        #expect(try await store.forceRelease(LockName("x"), from: .any).isEmpty)
        await store.close()
        #expect(temporary.entries().isEmpty)
    }

    @Test("the type of a mount is found")
    func mountType() {
        let mounts = """
            24 1 0:6 / / rw,relatime - ext4 /dev/vda rw
            25 24 0:7 / /my\\040dir rw,relatime shared:7 master:2 - nfs4 server:/x rw,vers=4.2
            """
        #expect(FileSystemKind.type(fileInfo: "pos:\t0\nmnt_id:\t25\nino:\t3\n", mounts: mounts) == "nfs4")
        #expect(FileSystemKind.type(fileInfo: "mnt_id:\t24\n", mounts: mounts) == "ext4")
        #expect(FileSystemKind.type(fileInfo: "mnt_id:\t2\n", mounts: mounts) == nil)
        #expect(FileSystemKind.type(fileInfo: "", mounts: mounts) == nil)
    }

    @Test("paths that cannot be one are refused at once", arguments: ["", "/", "///", "a\u{0}b"])
    func invalidPaths(_ path: String) {
        #expect(throws: LockError.self) { try FileStore(directory: path) }
    }

    @Test("a path that is too long is refused")
    func longPath() async throws {
        guard case .invalid(let reason) = try await failure(String(repeating: "x", count: 300)) else {
            Issue.record("no error")
            return
        }
        #expect(reason.contains("too long"))
    }

    @Test("relative paths are made absolute")
    func relative() throws {
        #expect(try FileStore(directory: "some/where/").label.hasPrefix("file:///"))
        #expect(try FileStore(directory: "some/where/").label.hasSuffix("/some/where"))
    }

    @Test("the default does not depend on the environment")
    func defaultDirectory() {
        let directory = FileStore.defaultDirectory()
        setenv("XDG_RUNTIME_DIR", "/nowhere", 1)
        setenv("TMPDIR", "/nowhere", 1)
        defer {
            unsetenv("XDG_RUNTIME_DIR")
            unsetenv("TMPDIR")
        }
        #expect(FileStore.defaultDirectory() == directory)
        #expect(
            Self.isRoot
                ? directory == "/run/dlock" : directory.hasSuffix("dlock") || directory.hasSuffix("-\(geteuid())")
        )
    }
}
