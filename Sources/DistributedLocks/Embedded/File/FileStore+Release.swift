extension FileStore {
    /// Gives back, or withdraws, a claim; see ``LockStore/release(_:)``.
    ///
    /// - Throws: ``LockError``, also if another process keeps the file locked for some seconds.
    public func release(_ claim: LockClaim) async throws -> ReleaseOutcome {
        // Without a session this store has held nothing; and closing it has given everything up.
        guard let session = try sessionIfAny() else { return .notHeld }
        let isHeld = session.registry.held(by: claim.owner) != nil
        if !isHeld, session.registry.uses(claim.name) || session.errands.concern(claim.name) {
            return try await withdraw(claim, session)
        }
        do {
            let result = try await section(.limited(.seconds(5), session.stuck(claim.name))) { () throws(LockError) in
                try session.remove(claim, isHeld: isHeld)
            }
            guard case .done(let removal) = result else {
                session.registry.forget(claim.owner)
                return .notHeld
            }
            return removal == .absent ? .notHeld : .released
        } catch is CancellationError {
            throw session.stuck(claim.name)
        } catch let error as LockError {
            // Whoever cannot read the file has not been able to write into it either.
            if case .storeFailed = error, !isHeld { return .notHeld }
            throw error
        }
    }

    /// Takes a claim out of the queue that waits, or is on its way there, together with others.
    private func withdraw(_ claim: LockClaim, _ session: FileSession) async throws -> ReleaseOutcome {
        let answer = Latch<Result<ReleaseOutcome, LockError>>()
        let departure = Errands.Departure(claim: claim, answer: answer, since: .now)
        guard session.leave(departure) else { return .notHeld }
        guard let result = await answer.value(for: answer.enter()) else { return .notHeld }
        return try result.get()
    }

    /// Has the file give the claim back by itself once `delay` has passed; see ``LockStore/release(_:after:)``.
    ///
    /// - Throws: ``LockError``, also if another process keeps the file locked for some seconds.
    public func release(_ claim: LockClaim, after delay: Duration) async throws -> ReleaseOutcome {
        guard let session = try sessionIfAny() else { return .notHeld }
        let kept = KeptUntil(after: delay, configuration.bootClock, configuration.wallClock)
        do {
            let result = try await section(.limited(.seconds(5), session.stuck(claim.name))) { () throws(LockError) in
                try session.keep(claim, until: kept)
            }
            guard case .done(true) = result else { return .notHeld }
            return .released
        } catch is CancellationError {
            throw session.stuck(claim.name)
        }
    }

    /// Cuts off whoever holds `name`; see ``LockStore/forceRelease(_:from:)``. Each of them is told.
    ///
    /// - Throws: ``LockError`` or `CancellationError`.
    public func forceRelease(_ name: LockName, from condition: HolderCondition) async throws -> [Holder] {
        guard mayExist else { return [] }
        let session = try session()
        let result = try await section(.limited(.seconds(1), stopped(name, session))) { () throws(LockError) in
            try session.removeHolders(of: name, meantBy: condition)
        }
        guard case .done(let holders) = result else { return [] }
        return holders
    }

    /// Who holds `name` and who waits for it, among the living; see ``LockStore/status(of:)``.
    ///
    /// A directory that does not exist is not made.
    ///
    /// - Throws: ``LockError`` or `CancellationError`.
    public func status(of name: LockName) async throws -> LockStatus {
        guard mayExist else { return LockStatus(name: name) }
        let session = try session()
        let result = try await section(.limited(.seconds(1), stopped(name, session))) { () throws(LockError) in
            try session.status(of: name)
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
        guard mayExist else { return [] }
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
            switch try file.attempt({ queue, name in queue.control.isIdle ? nil : name }) {
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
