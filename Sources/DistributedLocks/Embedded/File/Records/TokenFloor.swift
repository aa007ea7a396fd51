#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The highest token of all lock files that have been removed from a directory, so that tokens go on growing when such a
/// file is made anew, whatever the wall clock says meanwhile.
///
/// The file `tokens` has the number and its complement, sixteen bytes. It is raised before a lock file is removed, under
/// the guard of that, and read when one is made.
struct TokenFloor {
    private let directory: LockDirectory

    private static let fileName = "tokens"
    private static let size = 16

    init(in directory: LockDirectory) {
        self.directory = directory
    }

    /// The number; zero if there is none.
    func read(makeRoom: @escaping () -> Void) throws(LockError) -> FencingToken {
        do throws(PlatformErrno) {
            let file = try Descriptor.open(Self.fileName, in: directory.root, O_RDONLY | O_NONBLOCK, makeRoom: makeRoom)
            return try Self.number(in: file)
        } catch {
            if error.code == ENOENT { return FencingToken(rawValue: 0) }
            throw directory.explain(error, trying: "read", directory.path + "/" + Self.fileName)
        }
    }

    /// Makes the number at least `token`.
    ///
    /// - Returns: `false` if another process is changing it.
    func raise(to token: FencingToken) throws(LockError) -> Bool {
        do throws(PlatformErrno) {
            let file = try Descriptor.open(Self.fileName, in: directory.root, O_RDWR | O_CREAT | O_NONBLOCK)
            if try file.attributes().st_mode & 0o777 != 0o600 { try file.makePrivate() }
            guard try file.tryLock(exclusive: true) else { return false }
            defer { file.unlock() }
            guard try Self.number(in: file) < token else { return true }
            var bytes: [UInt8] = []
            bytes.append(number: token.rawValue)
            bytes.append(number: ~token.rawValue)
            try file.write(bytes, at: 0)
            return true
        } catch {
            throw directory.explain(error, trying: "write", directory.path + "/" + Self.fileName)
        }
    }

    private static func number(in file: Descriptor) throws(PlatformErrno) -> FencingToken {
        var bytes = [UInt8](repeating: 0, count: size)
        let count = try file.read(into: &bytes, 0..<size, at: 0)
        var reader = ByteReader(bytes.prefix(count))
        // Sixteen bytes are written at once; what somebody else has made of them does not count.
        guard let number = try? reader.number(UInt64.self), let complement = try? reader.number(UInt64.self),
            number == ~complement, number <= UInt64(Int64.max)
        else { return FencingToken(rawValue: 0) }
        return FencingToken(rawValue: number)
    }
}
