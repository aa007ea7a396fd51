import Synchronization

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

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

    /// What a change of a queue needs, and whom it concerns besides.
    struct Scope {
        var context: QueueContext<SessionTag>
        var news = QueueNews<SessionTag>()
        let name: LockName
        let file: FileIdentity
        /// Whether other sessions have to be watched than before.
        var hasNews = false
    }

    let directory: LockDirectory
    let configuration: FileStore.Configuration
    let files: SessionFiles
    let registry: SessionRegistry
    let thread: SessionThread
    let peers: Peers
    let errands = Errands()
    let timers: TimerQueue<FileStore.Timer>
    let cache: LockFileCache
    let tokenFloor: TokenFloor
    private let spares = SpareDescriptors()

    /// Opens the directory and makes a session in it.
    init(
        _ configuration: FileStore.Configuration,
        label: String,
        timers: TimerQueue<FileStore.Timer>
    ) throws(LockError) {
        let cache = LockFileCache(limit: configuration.openFileLimit)
        let probe = configuration.fileSystemProbe
        directory = try LockDirectory(path: configuration.directory, label: label, probe: probe)
        guard directory.root.hasRoom(for: SpareDescriptors.needed) else {
            throw LockError(PlatformErrno(code: EMFILE), trying: "use \(configuration.directory)", store: label)
        }
        files = try SessionFiles(in: directory, random: configuration.random)
        let makeRoom = { @Sendable [spares] in
            cache.clear()
            spares.give()
        }
        peers = Peers(directory: directory, makeRoom: makeRoom)
        registry = SessionRegistry(label: label)
        thread = SessionThread(label: label)
        tokenFloor = TokenFloor(in: directory)
        self.configuration = configuration
        self.cache = cache
        self.timers = timers
        spares.refill()
    }

    var id: SessionID { files.id }

    /// Tries to change the queue of `name`, and tells everybody whom it concerns. Never blocks for long.
    ///
    /// - Parameters:
    ///   - name: The name.
    ///   - creating: Whether to make the file if there is none.
    ///   - checksPlace: Whether to make sure that the file is still there; whoever holds the lock need not.
    ///   - change: Runs inside the file's critical section.
    /// - Returns: What `change` returned, or why it did not run.
    /// - Throws: What `change` throws, or why the file cannot be used.
    func attempt<Result: Sendable>(
        _ name: LockName,
        creating: Bool,
        checksPlace: Bool = true,
        _ change: (inout FileQueue, inout Scope) throws(LockError) -> Result
    ) throws(LockError) -> Section<Result> {
        // A file can be removed between opening and locking it, but hardly often in a row.
        for _ in 0..<100 {
            guard let file = try open(name, creating: creating) else { return .absent }
            switch try attempt(file, checksPlace: checksPlace, change) {
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
        checksPlace: Bool = true,
        _ change: (inout FileQueue, inout Scope) throws(LockError) -> Result
    ) throws(LockError) -> LockFile.Attempt<Result> {
        var news = QueueNews<SessionTag>()
        var hasNews = false
        defer {
            deliver(news)
            spares.refill()
            if hasNews { wakeThread() }
        }
        var name: LockName?
        do throws(LockError) {
            return try file.attempt(checksPlace: checksPlace) { queue, found throws(LockError) in
                name = found
                var scope = Scope(context: context(), name: found, file: file.identity)
                if queue.isNew { scope.context.floor = try floorOfNew(scope.context.floor) }
                let result = try change(&queue, &scope)
                try follow(&queue, &scope)
                (news, hasNews) = (scope.news, scope.hasNews)
                return result
            }
        } catch {
            news = QueueNews()
            if let name, registry.uses(name) {
                registry.suspect([name])
                hasNews = true
            }
            throw error
        }
    }

    /// What a new file has to know of the one that was there before.
    private func floorOfNew(_ floor: FencingToken) throws(LockError) -> FencingToken {
        let last = try tokenFloor.read(makeRoom: peers.makeRoom)
        return max(floor, FencingToken(rawValue: last.rawValue + 1))
    }

    private func context() -> QueueContext<SessionTag> {
        let now = configuration.wallClock.now
        var known: [SessionID: Bool] = [:]
        return QueueContext(
            floor: FencingToken(rawValue: UInt64(max(1, now.microseconds))),
            since: { _ in now },
            isGone: { [self] mark in
                if let kept = mark.tag.kept { return remaining(kept) <= .zero }
                if mark.tag.session == id { return false }
                if let answer = known[mark.tag.session] { return answer }
                let answer = !peers.isAlive(mark.tag.session)
                known[mark.tag.session] = answer
                return answer
            },
            admit: { [self] mark in
                mark.tag.session != id || registry.isWaiting(mark.owner) ? mark.tag : nil
            },
            found: { [self] owner, place in registry.move(owner, to: place) }
        )
    }

    /// How long it is until a claim that is kept without a process ends.
    func remaining(_ kept: KeptUntil) -> Duration {
        kept.remaining(configuration.bootClock, configuration.wallClock)
    }

    private func open(_ name: LockName, creating: Bool) throws(LockError) -> LockFile? {
        if let file = cache[name] { return file }
        guard let file = try LockFile.open(name, in: directory, creating: creating, makeRoom: peers.makeRoom) else {
            return nil
        }
        let (kept, evicted) = cache.keep(file, for: name)
        if let evicted { retire(evicted) }
        return kept
    }

    /// Removes a lock file that this session has used, if nobody holds or waits for the lock.
    func retire(_ file: LockFile) {
        _ = try? file.removeIfIdle { token throws(LockError) in try tokenFloor.raise(to: token) }
    }
}

// MARK: - Telling others

extension FileSession {
    /// Has the own waiters that stand behind somebody else watch that one.
    private func follow(_ queue: inout FileQueue, _ scope: inout Scope) throws(LockError) {
        for item in scope.news.moved where item.mark.tag.session == id {
            try watch(item.mark.owner, at: item.position, &queue, &scope)
        }
    }

    /// Has the own waiter `owner`, at `position`, watch those whom it has to watch.
    func watch(
        _ owner: OwnerID,
        at position: UInt64,
        _ queue: inout FileQueue,
        _ scope: inout Scope
    ) throws(LockError) {
        var sessions: [SessionID] = []
        var kept: Duration?
        for mark in try queue.targets(of: position) {
            if let until = mark.tag.kept {
                kept = min(kept ?? .seconds(Int64.max), remaining(until))
            } else if mark.tag.session != id, !sessions.contains(mark.tag.session) {
                sessions.append(mark.tag.session)
            }
        }
        if registry.watch(sessions, for: owner) { scope.hasNews = true }
        if let kept { timers.schedule(.look(self, scope.name), at: configuration.clock.now.advanced(by: kept)) }
    }

    private func deliver(_ news: QueueNews<SessionTag>) {
        for mark in news.revoked { deliver(.revoked, mark) }
        for item in news.granted { deliver(.granted, item.mark) }
        for item in news.moved where item.mark.tag.session != id { deliver(.recheck, item.mark) }
    }

    /// Sends a message to the session of a holder or waiter.
    func deliver(_ kind: WakeMessage.Kind, _ mark: QueueMark<SessionTag>) {
        let message = WakeMessage(kind, owner: mark.owner, token: mark.token ?? FencingToken(rawValue: 0))
        if mark.tag.session == id {
            receive(message)
        } else if mark.tag.session != .none {
            // A session that is gone is noticed by those who watch it.
            _ = peers.send(message, to: mark.tag.session)
        }
    }

    /// Does what a message says.
    func receive(_ message: WakeMessage) {
        switch message.kind {
        case .look: break
        case .granted: registry.grant(message.owner, message.token)
        case .revoked: registry.lose(message.owner, message.token, .revoked)
        case .recheck: registry.suspect(place: message.owner)
        case .review: if let name = registry.name(of: message.owner) { registry.suspect([name]) }
        }
    }

    /// Makes the thread look at what there is to do.
    func wakeThread() {
        files.wakeSelf(.look)
    }
}
