#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The two files of a session: one whose lock tells that the session is alive, and a named pipe that wakes it.
///
/// `<id>.alive` is locked (`flock`) from before it has its name until the session ends. The kernel keeps that lock, so
/// that it ends with the process, however that ends; if forked processes have duplicates, with the last of them.
/// `<id>.wake` takes messages of the size of ``WakeMessage``. It is open for writing as long as the session lives, so
/// that others who have it open for reading are told by `poll` when the session is gone.
final class SessionFiles: Sendable {
    let id: SessionID
    private let directory: LockDirectory
    private let alive: Descriptor
    private let wake: Descriptor
    private let aliveIdentity: FileIdentity
    private let wakeIdentity: FileIdentity
    /// How many bytes the pipe takes before messages are dropped.
    let pipeCapacity: Int

    /// Makes the files of a new session.
    init(in directory: LockDirectory, random: RandomSource) throws(LockError) {
        let id = SessionID(from: random)
        self.id = id
        self.directory = directory
        do throws(PlatformErrno) {
            alive = try Self.makeAlive(id, in: directory.sessions)
            do throws(PlatformErrno) {
                wake = try Self.makeWake(id, in: directory.sessions)
                aliveIdentity = FileIdentity(try alive.attributes())
                wakeIdentity = FileIdentity(try wake.attributes())
            } catch {
                try? directory.sessions.remove(SessionFileName.wake.of(id))
                try? directory.sessions.remove(SessionFileName.alive.of(id))
                throw error
            }
        } catch {
            throw directory.explain(error, trying: "make the session", directory.path(ofSession: id.description))
        }
        pipeCapacity = wake.withNumber(Self.capacity)
    }

    private static func makeAlive(_ id: SessionID, in sessions: Descriptor) throws(PlatformErrno) -> Descriptor {
        let temporary = SessionFileName.starting.of(id)
        let file = try Descriptor.open(temporary, in: sessions, O_RDWR | O_CREAT | O_EXCL)
        do throws(PlatformErrno) {
            try file.makePrivate()
            guard try file.tryLock(exclusive: true) else { throw PlatformErrno(code: EWOULDBLOCK) }
            try sessions.withNumber { number throws(PlatformErrno) in
                _ = try PlatformErrno.check { renameat(number, temporary, number, SessionFileName.alive.of(id)) }
            }
            return file
        } catch {
            try? sessions.remove(temporary)
            throw error
        }
    }

    private static func makeWake(_ id: SessionID, in sessions: Descriptor) throws(PlatformErrno) -> Descriptor {
        let name = SessionFileName.wake.of(id)
        try sessions.withNumber { number throws(PlatformErrno) in
            _ = try PlatformErrno.check { mkfifoat(number, name, 0o600) }
            // The umask may have taken away even the owner's rights.
            _ = try PlatformErrno.check { fchmodat(number, name, 0o600, 0) }
        }
        return try Descriptor.open(name, in: sessions, O_RDWR | O_NONBLOCK)
    }

    private static func capacity(of pipe: Int32) -> Int {
        #if os(Linux) || os(Android)
            let getPipeSize: Int32 = 1_032  // F_GETPIPE_SZ, a macro that is not imported
            let size = fcntl(pipe, getPipeSize)
            return size > 0 ? Int(size) : 4_096
        #else
            return 4_096
        #endif
    }

    /// Whether both files are still there; without them, others take the session for dead.
    var areInPlace: Bool {
        holds(SessionFileName.alive, aliveIdentity) && holds(SessionFileName.wake, wakeIdentity)
    }

    private func holds(_ name: SessionFileName, _ identity: FileIdentity) -> Bool {
        guard let info = try? directory.sessions.attributes(of: name.of(id)) else { return false }
        return FileIdentity(info) == identity
    }

    /// Makes both files look used just now, so that they are left alone by what removes old files.
    func touch() {
        alive.touch()
        wake.touch()
    }

    /// Removes both files, which ends the session for everybody else, even if forked processes have duplicates.
    func remove() {
        try? directory.sessions.remove(SessionFileName.wake.of(id))
        try? directory.sessions.remove(SessionFileName.alive.of(id))
        alive.unlock()
    }

    /// Runs `body` with the number of the session's own pipe.
    func withPipe<Result>(_ body: (Int32) -> Result) -> Result {
        wake.withNumber { body($0) }
    }

    /// Writes `message` into the session's own pipe.
    func wakeSelf(_ message: WakeMessage) {
        wake.withNumber { message.write(to: $0) }
    }
}

/// The names of a session's files.
enum SessionFileName: String, CaseIterable {
    case alive
    case wake
    /// What ``alive`` is called until it is locked.
    case starting

    /// The file's name for the session `id`.
    func of(_ id: SessionID) -> String { "\(id).\(rawValue)" }

    /// Splits a file's name; `nil` for anything else.
    static func parse(_ fileName: String) -> (SessionID, SessionFileName)? {
        let parts = fileName.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, let id = SessionID(parts[0]), let kind = SessionFileName(rawValue: String(parts[1]))
        else { return nil }
        return (id, kind)
    }
}
