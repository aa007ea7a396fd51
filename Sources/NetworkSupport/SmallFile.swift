package import DistributedLocks

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A file that a configuration names, to be read at once.
package struct SmallFile {
    private let path: String
    private let what: String

    /// Names the file.
    ///
    /// - Parameters:
    ///   - path: Where it is. Symbolic links are followed.
    ///   - what: What it is for, for messages: `the password file`.
    package init(_ path: String, what: String) {
        self.path = path
        self.what = what
    }

    /// Reads the file.
    ///
    /// - Parameters:
    ///   - limit: Never read more than one byte more than this.
    ///   - refusingWritableByOthers: Refuse a file that other users may write to.
    /// - Returns: What is in it; if that is more than `limit` bytes, the first `limit + 1` of them.
    /// - Throws: `LockError.invalid` with the path and what is wrong.
    package func read(atMost limit: Int, refusingWritableByOthers: Bool = false) throws(LockError) -> [UInt8] {
        // Not blocking: a pipe without a writer would keep us here for ever.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw .invalid("cannot open \(what) \(path): \(Self.reason)") }
        defer { _ = close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .invalid("cannot read \(what) \(path): \(Self.reason)") }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .invalid("\(what) \(path) is not a regular file") }
        guard !refusingWritableByOthers || status.st_mode & (S_IWGRP | S_IWOTH) == 0 else {
            throw .invalid("others may write to \(what) \(path); take that from them: chmod go-w")
        }
        return try bytes(of: descriptor, atMost: limit)
    }

    private func bytes(of descriptor: Int32, atMost limit: Int) throws(LockError) -> [UInt8] {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4_096)
        while bytes.count <= limit {
            let wanted = min(chunk.count, limit + 1 - bytes.count)
            let count = chunk.withUnsafeMutableBytes { Self.systemRead(descriptor, $0.baseAddress, wanted) }
            if count == 0 { break }
            if count < 0 {
                guard errno == EINTR else { throw .invalid("cannot read \(what) \(path): \(Self.reason)") }
                continue
            }
            bytes += chunk[..<count]
        }
        return bytes
    }

    private static func systemRead(_ descriptor: Int32, _ target: UnsafeMutableRawPointer?, _ count: Int) -> Int {
        #if canImport(Darwin)
            Darwin.read(descriptor, target, count)
        #elseif canImport(Glibc)
            Glibc.read(descriptor, target, count)
        #elseif canImport(Musl)
            Musl.read(descriptor, target, count)
        #endif
    }

    /// What the system says about the call that has just failed on this thread.
    private static var reason: String {
        let code = errno
        return strerror(code).map { String(cString: $0) } ?? "error \(code)"
    }
}
