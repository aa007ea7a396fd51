#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// An open file of this process, closed when the last reference goes.
///
/// Every descriptor is close-on-exec. The number is used inside the methods only, so that it cannot be used after it
/// has been closed and given to another file.
package final class Descriptor: Sendable {
    private let number: Int32

    /// Takes over a descriptor that nobody else closes.
    private init(number: Int32) {
        self.number = number
    }

    deinit {
        _ = close(number)
    }

    /// Opens `path`, relative to `directory` unless that is `nil`. Symbolic links are not followed.
    ///
    /// - Parameters:
    ///   - path: The path.
    ///   - directory: What a relative path begins at; the current directory if `nil`.
    ///   - flags: How to open it, such as `O_RDONLY`.
    ///   - makeRoom: Called when no descriptor is left, to close some; then it is tried once more.
    /// - Returns: The open file.
    /// - Throws: Why it cannot be opened.
    static func open(
        _ path: String,
        in directory: Descriptor? = nil,
        _ flags: Int32,
        makeRoom: (() -> Void)? = nil
    ) throws(PlatformErrno) -> Descriptor {
        let base = directory?.number ?? AT_FDCWD
        defer { withExtendedLifetime(directory) {} }
        do throws(PlatformErrno) {
            return try open(path, base, flags)
        } catch {
            guard let makeRoom, error.isOutOfDescriptors else { throw error }
            makeRoom()
            return try open(path, base, flags)
        }
    }

    private static func open(_ path: String, _ base: Int32, _ flags: Int32) throws(PlatformErrno) -> Descriptor {
        let mode: mode_t = 0o600
        return Descriptor(
            number: try PlatformErrno.check { openat(base, path, flags | O_CLOEXEC | O_NOFOLLOW, mode) }
        )
    }

    /// Whether so many more descriptors can be had.
    func hasRoom(for count: Int) -> Bool {
        var copies: [Descriptor] = []
        for _ in 0..<count {
            guard let copy = try? PlatformErrno.check({ fcntl(number, F_DUPFD_CLOEXEC, 0) }) else { return false }
            copies.append(Descriptor(number: copy))
        }
        return true
    }

    /// Runs `body` with the number, which must not be kept.
    func withNumber<Result, Failure: Error>(
        _ body: (Int32) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(number)
    }

    /// Tries to lock the open file with `flock`; never blocks.
    ///
    /// The lock belongs to the open file description: duplicates in forked processes share it, and it ends with the
    /// last of them or with ``unlock()``.
    ///
    /// - Returns: `false` if somebody else has a lock that excludes this one.
    func tryLock(exclusive: Bool) throws(PlatformErrno) -> Bool {
        do throws(PlatformErrno) {
            _ = try PlatformErrno.check { flock(number, (exclusive ? LOCK_EX : LOCK_SH) | LOCK_NB) }
            return true
        } catch  where error.code == EWOULDBLOCK {
            return false
        }
    }

    /// Ends the lock, for duplicates in forked processes too.
    func unlock() {
        _ = flock(number, LOCK_UN)
    }

    /// Lets the owner read and write the file, and nobody else, whatever the umask was when it was made.
    func makePrivate() throws(PlatformErrno) {
        _ = try PlatformErrno.check { fchmod(number, 0o600) }
    }

    /// What the file is.
    func attributes() throws(PlatformErrno) -> stat {
        var info = stat()
        _ = try PlatformErrno.check { fstat(number, &info) }
        return info
    }

    /// What the entry `name` of this directory is; `nil` if there is none. Symbolic links are not followed.
    func attributes(of name: String) throws(PlatformErrno) -> stat? {
        var info = stat()
        do throws(PlatformErrno) {
            _ = try PlatformErrno.check { fstatat(number, name, &info, AT_SYMLINK_NOFOLLOW) }
            return info
        } catch  where error.code == ENOENT {
            return nil
        }
    }

    /// Reads at `offset` of the file into `range` of `bytes`.
    ///
    /// - Returns: The number of bytes, less than asked for only at the end of the file.
    func read(into bytes: inout [UInt8], _ range: Range<Int>, at offset: Int) throws(PlatformErrno) -> Int {
        try bytes.withUnsafeMutableBufferPointer { buffer throws(PlatformErrno) in
            let target = UnsafeMutableBufferPointer(rebasing: buffer[range])
            var done = 0
            while done < target.count, let start = target.baseAddress {
                let count = try PlatformErrno.check {
                    pread(number, start + done, target.count - done, off_t(offset + done))
                }
                if count == 0 { break }
                done += count
            }
            return done
        }
    }

    /// Writes all of `bytes` at `offset` of the file.
    func write(_ bytes: [UInt8], at offset: Int) throws(PlatformErrno) {
        try bytes.withUnsafeBufferPointer { buffer throws(PlatformErrno) in
            var done = 0
            while done < buffer.count, let start = buffer.baseAddress {
                let count = try PlatformErrno.check {
                    pwrite(number, start + done, buffer.count - done, off_t(offset + done))
                }
                if count == 0 { throw PlatformErrno(code: ENOSPC) }
                done += count
            }
        }
    }

    /// Writes `bytes` to something that has no offsets, as far as it takes them at once.
    func write(_ bytes: [UInt8]) {
        _ = writeBytes(number, bytes, bytes.count)
    }

    /// Makes the file end at `length`, if it can be done.
    func cut(to length: Int) {
        _ = ftruncate(number, off_t(length))
    }

    /// Makes the file look used and changed just now.
    func touch() {
        _ = futimens(number, nil)
    }

    /// Makes the file look as if it had been changed in 1970.
    func age() {
        let times = [timespec(), timespec()]
        _ = futimens(number, times)
    }

    #if os(Linux) || os(Android)
        /// A descriptor through which the kernel tells what becomes of files.
        static func watchingFiles() throws(PlatformErrno) -> Descriptor {
            Descriptor(number: try PlatformErrno.check { inotify_init1(Int32(IN_NONBLOCK) | Int32(IN_CLOEXEC)) })
        }
    #endif

    /// Removes the entry `name` of this directory, if it is there.
    func remove(_ name: String) throws(PlatformErrno) {
        do throws(PlatformErrno) {
            _ = try PlatformErrno.check { unlinkat(number, name, 0) }
        } catch  where error.code == ENOENT {}
    }

    /// The names of all entries of this directory but `.` and `..`.
    func entries() throws(PlatformErrno) -> [String] {
        let entries = try DirectoryEntries(of: self)
        var names: [String] = []
        while let name = entries.next() { names.append(name) }
        return names
    }
}

/// `write(2)`, which the methods of that name hide.
private func writeBytes(_ file: Int32, _ start: UnsafeRawPointer, _ count: Int) -> Int {
    write(file, start, count)
}

/// Which file a name leads to: the same as long as nobody removes or replaces it.
package struct FileIdentity: Hashable, Sendable {
    let device: UInt64
    let number: UInt64

    /// The file that `info` describes.
    init(_ info: stat) {
        device = UInt64(truncatingIfNeeded: info.st_dev)
        number = UInt64(truncatingIfNeeded: info.st_ino)
    }
}

extension stat {
    /// The part of the mode that tells what kind of file it is, such as `S_IFREG`.
    var kind: mode_t { st_mode & S_IFMT }

    /// When the contents changed last.
    var modified: UnixTime {
        #if canImport(Darwin)
            let time = st_mtimespec
        #else
            let time = st_mtim
        #endif
        return UnixTime(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000)
    }
}
