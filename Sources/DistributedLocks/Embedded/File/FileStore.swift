import Synchronization

/// Locks between the processes of one machine, in files of one directory.
///
/// Nothing has to run for it. Who holds a lock and who waits for it, first come first served, stands in a file for each
/// name; that file is guarded by a kernel lock (`flock`) for the microseconds in which it is read and changed. Every
/// open store is a *session*, with a file that the kernel keeps locked until the process ends, however it ends. Then
/// what it held goes to the next waiter, who is told of it by the kernel and need not poll. A release is handed over to
/// the next waiter by a message through a named pipe, and nobody else is woken.
///
/// ## What holds, and what does not
///
/// - The end of a process (`SIGKILL`, crash) at any moment loses nothing of what others have, and leaves no lock
///   behind. If forked processes share its open files, the last of them counts.
/// - A *stopped* process (`SIGSTOP`) keeps what it holds. If it is stopped in the middle of a change, other requests
///   for that very name wait for it; they end with an error when they may not wait.
/// - Tokens are taken from the wall clock, or one above the last: they grow even if the files are lost (a temporary
///   file system after a restart, files that had not reached the disk at a power failure), unless the clock was stepped
///   back by more than ``maximumClockStep``, or more than a million grants a second were made. Nothing is synced to the
///   disk, since no lock outlives the system.
/// - A full disk does not keep a claim from being released, on file systems that overwrite in place.
/// - Nothing piles up: lock files that have been idle for ``maximumClockStep``, and files of dead sessions, are removed
///   by and by.
/// - The directory must be on a local file system; network file systems are refused, and so is a directory that anyone
///   but its owner can write to. All who use it must be the same user.
public final class FileStore: LockStore {
    /// Where a ``FileStore`` is, and what it runs on.
    public struct Configuration: Sendable {
        /// The directory. It is created if only its last component is missing.
        public var directory: String
        /// Gives the lower bound of new tokens.
        public var wallClock: WallClock
        /// On which waits are measured.
        public var clock: LeaseClock
        /// Draws the names of sessions, and the lengths of short waits.
        public var random: RandomSource
        /// Tells what kind of file system the directory is on.
        package var fileSystemProbe: @Sendable (Descriptor) -> FileSystemKind
        /// How often the session checks that its files are in place while anything is held or waited for.
        package var tickInterval: Duration
        /// How many lock files are kept open.
        package var openFileLimit: Int

        /// The defaults for a directory.
        public init(directory: String) {
            self.directory = directory
            wallClock = .system
            clock = .continuous
            random = .system
            fileSystemProbe = { FileSystemKind.probe($0) }
            tickInterval = .seconds(2)
            openFileLimit = 128
        }
    }

    /// How far the wall clock may be stepped back without harm to the order of tokens, if files are lost or removed.
    public static let maximumClockStep = Duration.seconds(3_600)

    private enum State {
        case unused
        case open(FileSession)
        case closing(FileSession)
        case closed
    }

    /// `file://` and the absolute path of the directory.
    public let label: String

    let configuration: Configuration
    private let state = Mutex(State.unused)

    /// Locks in `directory`, with the system's clocks.
    ///
    /// Nothing is looked at or created before the first use.
    ///
    /// - Throws: ``LockError/invalid(_:)`` if the path cannot be one.
    public convenience init(directory: String) throws(LockError) {
        try self.init(configuration: Configuration(directory: directory))
    }

    /// Locks in the directory of `configuration`.
    ///
    /// - Throws: ``LockError/invalid(_:)`` if the path cannot be one.
    public init(configuration: Configuration) throws(LockError) {
        var configuration = configuration
        configuration.directory = try DirectoryPath.absolute(configuration.directory)
        self.configuration = configuration
        label = "file://" + configuration.directory
    }

    deinit {
        if case .open(let session) = state.withLock({ $0 }) { session.abandon() }
    }

    /// The clock of the configuration.
    public var clock: LeaseClock { configuration.clock }

    /// All modes, served first come first served, held until released or until the process ends.
    public var capabilities: StoreCapabilities {
        StoreCapabilities(
            modes: Set(LockMode.Kind.allCases),
            ordering: .fifo,
            lifetime: .process,
            listsNames: true,
            forcesRelease: true,
            signalsLoss: true
        )
    }

    /// Gives up what is held, ends all waits, and removes the session's files.
    public func close() async {
        let session = state.withLock { state -> FileSession? in
            guard case .open(let session) = state else {
                if case .unused = state { state = .closed }
                return nil
            }
            state = .closing(session)
            return session
        }
        guard let session else { return }
        for name in session.registry.end(waits: .closed, holds: .closed) { await giveUp(name, of: session) }
        Sweeper(session).run()
        session.files.remove()
        session.thread.stop()
        session.wakeThread()
        await session.thread.join()
        state.withLock { $0 = .closed }
    }

    private func giveUp(_ name: LockName, of session: FileSession) async {
        // What cannot be taken out of its file counts as dead once the session's files are gone.
        var backoff = GuardBackoff(clock: clock, random: configuration.random)
        let patience = GuardPatience.limited(.seconds(1), stopped(name, session))
        while case .some(.busy) = try? session.giveUp(name) {
            guard (try? await backoff.pause(patience)) == true else { return }
        }
    }
}

// MARK: - Sessions

extension FileStore {
    /// The session of this store, made when there is none, or when the last one has lost its files.
    ///
    /// - Throws: ``LockError/closed(store:)``, or why the directory cannot be used.
    func session() throws(LockError) -> FileSession {
        try state.withLock { state throws(LockError) in
            switch state {
            case .open(let session) where !session.registry.isClosed:
                return session
            case .unused, .open:
                let session = try FileSession(configuration, label: label)
                state = .open(session)
                return session
            case .closing, .closed:
                throw LockError.closed(store: label)
            }
        }
    }

    /// The session of this store; `nil` if it has had none, or is closed.
    func sessionIfAny() throws(LockError) -> FileSession? {
        let isInUse = state.withLock { state in
            if case .open = state { true } else { false }
        }
        return isInUse ? try session() : nil
    }

    /// Runs `attempt` until the file it is about is not busy.
    ///
    /// - Returns: `nil` if the patience is over.
    /// - Throws: What `attempt` throws, the error of the patience, or `CancellationError`.
    func section<Result: Sendable>(
        _ patience: GuardPatience,
        _ attempt: () throws(LockError) -> FileSession.Section<Result>
    ) async throws -> FileSession.Section<Result> {
        var backoff: GuardBackoff?
        while true {
            let section = try attempt()
            guard case .busy = section else { return section }
            var next = backoff ?? GuardBackoff(clock: clock, random: configuration.random)
            guard try await next.pause(patience) else { return .busy }
            backoff = next
        }
    }

    /// The error for a file whose guard is not given back.
    func stopped(_ name: LockName, _ session: FileSession) -> LockError {
        let path = session.directory.path(ofLock: LockFileName.encode(name))
        return .storeFailed(
            store: label,
            reason:
                "\(path) stays locked; a process seems to be stopped in the middle of changing it (see fuser \(path))"
        )
    }
}
