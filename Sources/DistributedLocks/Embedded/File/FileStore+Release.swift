extension FileStore {
    /// Gives back, or withdraws, a claim; see ``LockStore/release(_:)``.
    ///
    /// - Throws: ``LockError``, also if another process keeps the file locked for five seconds.
    public func release(_ claim: LockClaim) async throws -> ReleaseOutcome {
        // Without a session this store has held nothing; and closing it has given everything up.
        guard let session = try sessionIfAny() else { return .notHeld }
        let result: FileSession.Section<LockQueue<SessionID>.Removal>
        do {
            result = try await section(.limited(.seconds(5), stuck(claim.name))) { () throws(LockError) in
                try session.attempt(claim.name, creating: false) { change, _ throws(LockError) in
                    session.registry.forget(claim.owner)
                    return change.remove(claim.owner)
                }
            }
        } catch is CancellationError {
            throw stuck(claim.name)
        }
        guard case .done(let removal) = result else {
            session.registry.forget(claim.owner)
            return .notHeld
        }
        return removal == .absent ? .notHeld : .released
    }

    /// Cuts off whoever holds `name`; see ``LockStore/forceRelease(_:from:)``. Each of them is told.
    ///
    /// - Throws: ``LockError`` or `CancellationError`.
    public func forceRelease(_ name: LockName, from condition: HolderCondition) async throws -> [Holder] {
        let session = try session()
        let result = try await section(.limited(.seconds(1), stopped(name, session))) { () throws(LockError) in
            try session.attempt(name, creating: false) { change, _ throws(LockError) in
                change.pruneAll()
                return try change.removeHolders(meantBy: condition, of: name).map(\.holder)
            }
        }
        guard case .done(let holders) = result else { return [] }
        return holders
    }

    /// Who holds `name` and who waits for it, among the living; see ``LockStore/status(of:)``.
    ///
    /// - Throws: ``LockError`` or `CancellationError`.
    public func status(of name: LockName) async throws -> LockStatus {
        let session = try session()
        let result = try await section(.limited(.seconds(1), stopped(name, session))) { () throws(LockError) in
            try session.attempt(name, creating: false) { change, _ throws(LockError) in
                change.pruneAll()
                return LockStatus(name, change.queue)
            }
        }
        guard case .done(let status) = result else { return LockStatus(name: name) }
        return status
    }

    /// All names that are held or waited for; see ``LockStore/list()``.
    ///
    /// The names are taken from the files' contents. Files that are not lock files are passed over.
    ///
    /// - Throws: ``LockError`` or `CancellationError`.
    public func list() async throws -> [LockStatus] {
        let session = try session()
        var result: [LockStatus] = []
        for fileName in try fileNames(session) {
            guard let name = try await recordedName(fileName, session), LockFileName.encode(name) == fileName else {
                continue
            }
            let status = try await status(of: name)
            if !status.isIdle { result.append(status) }
        }
        return result.sorted { $0.name < $1.name }
    }

    private func fileNames(_ session: FileSession) throws(LockError) -> [String] {
        do throws(PlatformErrno) {
            return try session.directory.locks.entries().filter { $0.hasSuffix(LockFileName.suffix) }
        } catch {
            throw session.directory.explain(error, trying: "list", session.directory.path(ofLock: ""))
        }
    }

    /// The name in a lock file that is not idle; `nil` for all other files.
    private func recordedName(_ fileName: String, _ session: FileSession) async throws -> LockName? {
        guard let file = try? LockFile.open(fileName: fileName, in: session.directory) else { return nil }
        let patience = GuardPatience.until(clock.now.advanced(by: .seconds(1)))
        let result = try? await section(patience) { () throws(LockError) -> FileSession.Section<LockName?> in
            switch try file.attempt({ record in record.queue.isIdle ? nil : record.name }) {
            case .done(let name): .done(name)
            case .busy: .busy
            case .removed, .empty: .absent
            }
        }
        try Task.checkCancellation()
        guard case .done(let name) = result else { return nil }
        return name
    }
}

extension LockStatus {
    /// Describes a queue.
    fileprivate init(_ name: LockName, _ queue: LockQueue<SessionID>) {
        func participant(_ entry: LockQueue<SessionID>.Entry) -> Participant {
            Participant(holder: entry.holder, mode: entry.mode, owner: entry.owner, token: entry.token)
        }
        self.init(name: name, holders: queue.holders.map(participant), waiters: queue.waiters.map(participant))
    }
}
