#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Removes what processes have left that were killed: files of dead sessions, and lock files that nobody uses.
///
/// Once an hour for each directory, by whoever comes first, as a stamp says (the time of the file `swept`), and in portions.
/// Who ends in the middle makes the stamp old again, so that the next one goes on.
struct Sweeper {
    private let session: FileSession
    private let directory: LockDirectory
    private let now: UnixTime
    private var sessionEntries: DirectoryEntries?
    private var lockEntries: DirectoryEntries?

    /// How many directory entries one portion looks at.
    private static let portion = 1_024
    private static let stamp = "swept"
    private static let interval: Int64 = 3_600_000_000
    /// What is younger than this may be in the making.
    private static let minimumAge: Int64 = 600_000_000

    /// Begins to sweep.
    ///
    /// - Returns: `nil` if somebody has done so not long ago.
    init?(ifDue session: FileSession) {
        self.session = session
        directory = session.directory
        now = session.configuration.wallClock.now
        if let info = (try? directory.root.attributes(of: Self.stamp)) ?? nil, isRecent(info, Self.interval) {
            return nil
        }
        guard setStamp(isOld: false) else { return nil }
        sessionEntries = try? DirectoryEntries(of: directory.sessions)
        lockEntries = try? DirectoryEntries(of: directory.locks)
    }

    /// Sweeps one portion.
    ///
    /// - Returns: Whether there is more.
    mutating func run() -> Bool {
        for _ in 0..<Self.portion {
            if let name = sessionEntries?.next() {
                sweep(session: name)
            } else {
                sessionEntries = nil
                guard let name = lockEntries?.next() else { return false }
                sweep(lock: name)
            }
        }
        return true
    }

    /// Ends before all is done: the next one goes on.
    func stop() {
        _ = setStamp(isOld: true)
    }

    private func setStamp(isOld: Bool) -> Bool {
        guard let file = try? Descriptor.open(Self.stamp, in: directory.root, O_WRONLY | O_CREAT | O_NONBLOCK) else {
            return false
        }
        if isOld { file.age() } else { file.touch() }
        return true
    }

    private func isRecent(_ info: stat, _ age: Int64) -> Bool {
        abs(now.microseconds - info.modified.microseconds) < age
    }

    private func sweep(session fileName: String) {
        guard let (id, kind) = SessionFileName.parse(fileName), id != session.id else { return }
        switch kind {
        case .alive, .wake:
            // A session has `alive` before `wake`, so either goes when `alive` is not locked.
            guard !session.peers.isAlive(id) else { return }
            try? directory.sessions.remove(SessionFileName.wake.of(id))
            try? directory.sessions.remove(SessionFileName.alive.of(id))
        case .starting:
            guard let info = (try? directory.sessions.attributes(of: fileName)) ?? nil, !isRecent(info, Self.minimumAge)
            else { return }
            try? directory.sessions.remove(fileName)
        }
    }

    private func sweep(lock fileName: String) {
        guard fileName.hasSuffix(LockFileName.suffix),
            let info = (try? directory.locks.attributes(of: fileName)) ?? nil, info.kind == S_IFREG,
            !isRecent(info, Self.minimumAge), let file = try? LockFile.open(fileName: fileName, in: directory)
        else { return }
        // What dead sessions have left may be all that keeps the file from being idle.
        _ = try? session.attempt(file) { queue, scope throws(LockError) in try session.pruneAll(&queue, &scope) }
        session.retire(file)
    }
}
