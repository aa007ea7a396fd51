#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Removes what nobody needs any more: files of dead sessions, and of locks that have long been idle.
///
/// Each run does a bounded amount of work; what it leaves, another does.
struct Sweeper {
    private let session: FileSession
    private let directory: LockDirectory
    private let now: UnixTime

    /// How many files one run looks into at most.
    private static let maximumFiles = 256
    /// How many directory entries one run looks at, at most.
    private static let maximumEntries = 4_096

    init(_ session: FileSession) {
        self.session = session
        directory = session.directory
        now = session.configuration.wallClock.now
    }

    /// What has not changed since then may go.
    private var limit: UnixTime {
        let (seconds, attoseconds) = FileStore.maximumClockStep.components
        let age = seconds * 1_000_000 + attoseconds / 1_000_000_000_000
        return UnixTime(microseconds: now.microseconds - age)
    }

    /// Sweeps both directories.
    func run() {
        sweepSessions()
        sweepLocks()
    }

    private func sweepSessions() {
        var budget = Self.maximumFiles
        for fileName in entries(of: directory.sessions) where budget > 0 {
            guard let (id, kind) = SessionFileName.parse(fileName), id != session.id else { continue }
            budget -= 1
            switch kind {
            case .alive, .wake:
                // A session has `alive` before `wake`, so either goes when `alive` is not locked.
                guard !session.peers.isAlive(id) else { continue }
                try? directory.sessions.remove(SessionFileName.wake.of(id))
                try? directory.sessions.remove(SessionFileName.alive.of(id))
            case .starting:
                if isOld(fileName, in: directory.sessions) { try? directory.sessions.remove(fileName) }
            }
        }
    }

    private func sweepLocks() {
        var budget = Self.maximumFiles
        for fileName in entries(of: directory.locks) where budget > 0 {
            guard fileName.hasSuffix(LockFileName.suffix), isOld(fileName, in: directory.locks) else { continue }
            budget -= 1
            guard let file = try? LockFile.open(fileName: fileName, in: directory) else { continue }
            // What dead sessions have left may be all that keeps the file from being idle.
            _ = try? session.attempt(file) { change, _ in change.pruneAll() }
            try? file.removeIfIdle(quietSince: limit)
        }
    }

    /// Some of a directory's entries, beginning anywhere, so that each gets its turn.
    private func entries(of directory: Descriptor) -> [String] {
        guard let names = try? directory.entries(), !names.isEmpty else { return [] }
        let start = Int(session.configuration.random.next() % UInt64(names.count))
        return Array((names[start...] + names[..<start]).prefix(Self.maximumEntries))
    }

    private func isOld(_ fileName: String, in directory: Descriptor) -> Bool {
        guard let info = try? directory.attributes(of: fileName), info.kind == S_IFREG else { return false }
        return info.modified < limit
    }
}
