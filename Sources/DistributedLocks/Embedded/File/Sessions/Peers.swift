#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// What one session can do with the others of its directory, by their files.
struct Peers: Sendable {
    let directory: LockDirectory
    /// Called when no descriptor is left, to close some.
    let makeRoom: @Sendable () -> Void

    /// Whether a session lives. A session that cannot be looked at counts as alive.
    func isAlive(_ id: SessionID) -> Bool {
        do throws(PlatformErrno) {
            let file = try open(SessionFileName.alive.of(id), O_RDONLY | O_NONBLOCK)
            // Shared, so that those who look at the same time do not take each other for the session.
            let isDead = try file.tryLock(exclusive: false)
            if isDead { file.unlock() }
            return !isDead
        } catch {
            return error.code != ENOENT
        }
    }

    /// Sends a message to another session.
    ///
    /// - Returns: `false` if the session has no pipe any more.
    func send(_ message: WakeMessage, to id: SessionID) -> Bool {
        do throws(PlatformErrno) {
            // Open for reading as well: a pipe that nobody reads would end the process with SIGPIPE.
            let pipe = try open(SessionFileName.wake.of(id), O_RDWR | O_NONBLOCK)
            pipe.withNumber { message.write(to: $0) }
            return true
        } catch {
            return error.code != ENOENT
        }
    }

    /// Opens a session's pipe to be told of its end, by `POLLHUP`. Nothing is ever read from it.
    ///
    /// - Returns: `nil` if there is no such session any more.
    func watch(_ id: SessionID) throws(PlatformErrno) -> Descriptor? {
        do throws(PlatformErrno) {
            return try open(SessionFileName.wake.of(id), O_RDONLY | O_NONBLOCK)
        } catch  where error.code == ENOENT {
            return nil
        }
    }

    private func open(_ fileName: String, _ flags: Int32) throws(PlatformErrno) -> Descriptor {
        try Descriptor.open(fileName, in: directory.sessions, flags, makeRoom: makeRoom)
    }
}
