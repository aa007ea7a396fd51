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
/// - Tokens are taken from the wall clock, or one above the last: they grow for as long as the directory is there, whatever
///   the clock does. If the directory is lost (a temporary file system after a restart, files that had not reached the
///   disk at a power failure), they grow unless the clock was stepped back, or more than a million grants a second were made.
///   Nothing is synced to the disk, since no lock outlives the system but what ``release(_:after:)`` has kept.
/// - A full disk does not keep a claim from being released, on file systems that overwrite in place.
/// - Nothing piles up: a lock file goes when the session that used it has not used it for some seconds, or ends, and nobody
///   holds or waits; what killed processes have left goes within the hour.
/// - If the directory is removed and made anew, who waits queues again in the new one, and who holds is told.
/// - The directory must be on a local file system; network file systems are refused, and so is a directory that anyone
///   but its owner can write to, or move. All who use it must be the same user.
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
        /// Measures claims that are kept without a process.
        package var bootClock: BootClock
        /// How often the session checks that its files are in place while anything is held or waited for, where the system
        /// does not tell.
        package var tickInterval: Duration
        /// How often the files of the living are made to look used: cleaners that go by age leave alone what is younger than
        /// that; the shortest ages in use are about an hour.
        package var touchInterval: Duration
        /// After how long, to twice that, a lock file that has not been used is removed, if it is idle.
        package var retirementInterval: Duration
        /// How many lock files are kept open.
        package var openFileLimit: Int

        /// The defaults for a directory.
        public init(directory: String) {
            self.directory = directory
            wallClock = .system
            clock = .continuous
            random = .system
            fileSystemProbe = { FileSystemKind.probe($0) }
            bootClock = .system
            tickInterval = .seconds(2)
            touchInterval = .seconds(300)
            retirementInterval = .seconds(4)
            openFileLimit = 128
        }
    }

    /// What the timers of a store are for.
    enum Timer: Sendable {
        /// The time of a claim to wait is over.
        case deadline(FileSession, LockClaim)
        /// A claim may have ended that was kept without a process.
        case look(FileSession, LockName)
    }

    private enum State {
        case unused
        case open(FileSession)
        case closing(FileSession)
        case closed
    }

    /// `file://` and the absolute path of the directory.
    public let label: String

    let configuration: Configuration
    let timers: TimerQueue<Timer>
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
        timers = TimerQueue(clock: configuration.clock)
        timers.deliver(to: { due in Self.reached(due) })
    }

    deinit {
        timers.close()
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
            signalsLoss: true,
            releasesLater: true
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
        timers.close()
        session.refuseErrands(.closed)
        for name in session.registry.end(waits: .closed, holds: .closed) { await giveUp(name, of: session) }
        for file in session.cache.takeAll() { session.retire(file) }
        session.thread.stop()
        session.wakeThread()
        await session.thread.join()
        // If all processes of this directory live shorter than a beat.
        if var sweeper = Sweeper(ifDue: session), sweeper.run() { sweeper.stop() }
        session.files.remove()
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
                let session = try FileSession(configuration, label: label, timers: timers)
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

    /// Whether there is a directory, or a session that finds out why not.
    var mayExist: Bool {
        let isUnused = state.withLock { state in
            if case .unused = state { true } else { false }
        }
        return !isUnused || DirectoryPath.exists(configuration.directory)
    }

    private static func reached(_ due: [Timer]) {
        var sessions: [ObjectIdentifier: FileSession] = [:]
        let now = ContinuousClock.now
        for timer in due {
            switch timer {
            case .deadline(let session, let claim):
                _ = session.leave(Errands.Departure(claim: claim, answer: nil, since: now))
            case .look(let session, let name):
                session.registry.suspect([name])
                sessions[ObjectIdentifier(session)] = session
            }
        }
        for session in sessions.values { session.wakeThread() }
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
