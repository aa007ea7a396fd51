import Synchronization

/// One open ``FileStore``, as its directory knows it: two files, what it holds and waits for, and a thread that is told
/// what the other sessions do.
final class FileSession: Sendable {
    /// How an attempt at a critical section went.
    enum Section<Result: Sendable>: Sendable {
        case done(Result)
        /// Another process is in a critical section of the same file.
        case busy
        /// There is no such file.
        case absent
    }

    let directory: LockDirectory
    let configuration: FileStore.Configuration
    let files: SessionFiles
    let registry: SessionRegistry
    let thread: SessionThread
    let peers: Peers
    private let cache: LockFileCache
    private let spares = SpareDescriptors()

    /// Opens the directory and makes a session in it.
    init(_ configuration: FileStore.Configuration, label: String) throws(LockError) {
        let cache = LockFileCache(limit: configuration.openFileLimit)
        let probe = configuration.fileSystemProbe
        directory = try LockDirectory(path: configuration.directory, label: label, probe: probe)
        files = try SessionFiles(in: directory, random: configuration.random)
        let makeRoom = { @Sendable [spares] in
            cache.clear()
            spares.give()
        }
        peers = Peers(directory: directory, makeRoom: makeRoom)
        registry = SessionRegistry(label: label)
        thread = SessionThread(label: label)
        self.configuration = configuration
        self.cache = cache
        spares.refill()
    }

    var id: SessionID { files.id }

    /// What new tokens are at least: the wall clock, in microseconds.
    private var floor: FencingToken {
        FencingToken(rawValue: UInt64(max(0, configuration.wallClock.now.microseconds)))
    }

    /// Tries to change the queue of `name`, and tells everybody whom it concerns. Never blocks for long.
    ///
    /// - Parameters:
    ///   - name: The name.
    ///   - creating: Whether to make the file if there is none.
    ///   - change: Runs inside the file's critical section.
    /// - Returns: What `change` returned, or why it did not run.
    /// - Throws: What `change` throws, or why the file cannot be used; then the queue is as it was.
    func attempt<Result: Sendable>(
        _ name: LockName,
        creating: Bool,
        _ change: (inout QueueChange, FileIdentity) throws(LockError) -> Result
    ) throws(LockError) -> Section<Result> {
        // A file can be removed between opening and locking it, but hardly often in a row.
        for _ in 0..<100 {
            guard let file = try open(name, creating: creating) else { return .absent }
            switch try attempt(file, change) {
            case .done(let result): return .done(result)
            case .busy: return .busy
            case .empty: return .absent
            case .removed: cache.drop(file, for: name)
            }
        }
        throw .storeFailed(
            store: directory.label,
            reason: "\(directory.path(ofLock: LockFileName.encode(name))) is removed time and again; find out by whom"
        )
    }

    /// The same for a file that is open already.
    func attempt<Result: Sendable>(
        _ file: LockFile,
        _ change: (inout QueueChange, FileIdentity) throws(LockError) -> Result
    ) throws(LockError) -> LockFile.Attempt<Result> {
        var notices: [QueueChange.Notice] = []
        var hasNews = false
        defer {
            deliver(notices)
            spares.refill()
            if hasNews { wakeThread() }
        }
        var name: LockName?
        do throws(LockError) {
            return try file.attempt { record throws(LockError) in
                name = record.name
                var queueChange = begin(record.queue)
                let result = try change(&queueChange, file.identity)
                record.queue = queueChange.queue
                notices = queueChange.notices()
                hasNews = registry.watch(WatchPlan.watched(by: id, in: record.queue), for: record.name)
                return result
            }
        } catch {
            notices = []
            if let name {
                registry.suspect([name])
                hasNews = true
            }
            throw error
        }
    }

    private func begin(_ queue: LockQueue<SessionID>) -> QueueChange {
        QueueChange(
            queue,
            by: id,
            floor: floor,
            isAlive: { [peers] in peers.isAlive($0) },
            isWaiting: { [registry] in registry.isWaiting($0) }
        )
    }

    private func open(_ name: LockName, creating: Bool) throws(LockError) -> LockFile? {
        if let file = cache[name] { return file }
        let file = try LockFile.open(name, in: directory, creating: creating, makeRoom: peers.makeRoom)
        return file.map { cache.keep($0, for: name) }
    }

    private func deliver(_ notices: [QueueChange.Notice]) {
        for notice in notices {
            if notice.session == id {
                receive(notice.message)
            } else {
                // A session that is gone is noticed by those who watch it.
                _ = peers.send(notice.message, to: notice.session)
            }
        }
    }

    /// Does what a message says.
    func receive(_ message: WakeMessage) {
        switch message.kind {
        case .look: break
        case .granted: registry.grant(message.owner, message.token)
        case .revoked: registry.lose(message.owner, message.token, .revoked)
        case .recheck: if let name = registry.name(of: message.owner) { registry.suspect([name]) }
        }
    }

    /// Makes the thread look at what there is to do.
    func wakeThread() {
        files.wakeSelf(.look)
    }
}

// MARK: - Keeping in step

extension FileSession {
    /// Looks at the file of `name`: clears away the dead, and brings the registry in line with what the file says.
    ///
    /// - Returns: `false` if another process is in a critical section of the file; then try again.
    func recheck(_ name: LockName) throws(LockError) -> Bool {
        let section = try attempt(name, creating: false) { change, identity throws(LockError) in
            change.pruneWatched()
            return Comparison(registry.claims(on: name), change.queue, identity)
        }
        switch section {
        case .busy:
            return false
        case .absent:
            vanished(name)
        case .done(let comparison):
            for (owner, token) in comparison.granted { registry.grant(owner, token) }
            for owner in comparison.missing { registry.restart(owner) }
            for held in comparison.lost { registry.lose(held.claim.owner, held.token, .removed) }
        }
        return true
    }

    /// What the registry has to learn from a file.
    private struct Comparison: Sendable {
        var granted: [(OwnerID, FencingToken)] = []
        var missing: [OwnerID] = []
        var lost: [HeldClaim] = []

        init(
            _ claims: (held: [HeldClaim], waiting: [OwnerID]),
            _ queue: LockQueue<SessionID>,
            _ file: FileIdentity
        ) {
            let tokens = Dictionary(queue.holders.map { ($0.owner, $0.token) }) { first, _ in first }
            let waiters = Set(queue.waiters.map(\.owner))
            for owner in claims.waiting {
                if case .some(.some(let token)) = tokens[owner] {
                    granted.append((owner, token))
                } else if !waiters.contains(owner) {
                    missing.append(owner)
                }
            }
            lost = claims.held.filter { tokens[$0.claim.owner] != $0.token || $0.file != file }
        }
    }

    private func vanished(_ name: LockName) {
        _ = registry.watch([], for: name)
        let claims = registry.claims(on: name)
        for owner in claims.waiting { registry.restart(owner) }
        for held in claims.held { registry.lose(held.claim.owner, held.token, .removed) }
    }

    /// Whether the session's files and directory are still what others see.
    var isInPlace: Bool { directory.isInPlace && files.areInPlace }

    /// Ends a session whose files are gone: to all others it is dead already.
    func breakDown() {
        _ = registry.end(waits: .restart, holds: .removed)
        files.remove()
        thread.stop()
        wakeThread()
        cache.clear()
    }

    /// Ends the session without waiting for anything, as the end of the process would.
    func abandon() {
        for name in registry.end(waits: .closed, holds: .closed) { _ = try? giveUp(name) }
        files.remove()
        thread.stop()
        wakeThread()
    }

    /// Takes everything of this session out of the queue of `name`.
    func giveUp(_ name: LockName) throws(LockError) -> Section<Void> {
        try attempt(name, creating: false) { change, _ in change.removeSession() }
    }
}
