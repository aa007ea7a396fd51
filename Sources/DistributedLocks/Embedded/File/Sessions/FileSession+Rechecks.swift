// How a session is kept in step with lock files that others have changed.

extension FileSession {
    /// Looks at the file of `name`: clears away the dead that are watched for its sake, and brings the registry in line with
    /// what the file says.
    ///
    /// - Returns: `false` if another process is in a critical section of the file; then try again.
    func recheck(_ name: LockName) throws(LockError) -> Bool {
        let section = try attempt(name, creating: false) { queue, scope throws(LockError) in
            try pruneWatched(&queue, &scope)
            return try compare(queue: &queue, &scope)
        }
        switch section {
        case .busy: return false
        case .absent: vanished(name)
        case .done(let comparison):
            for (owner, token) in comparison.granted { registry.grant(owner, token) }
            for owner in comparison.missing { registry.endWait(owner, .restart) }
            for held in comparison.lost {
                // Who takes a claim of a living session out of a file that is in its place does so by force.
                let reason = held.file == comparison.file ? LossReason.revoked : .removed
                registry.lose(held.claim.owner, held.token, reason)
            }
        }
        return true
    }

    /// Looks where the waiter `owner` stands, and has it watch whom it has to.
    ///
    /// - Returns: `false` if another process is in a critical section of the file; then try again.
    func recheck(place owner: OwnerID) throws(LockError) -> Bool {
        guard let name = registry.name(of: owner) else { return true }
        let section = try attempt(name, creating: false) { queue, scope throws(LockError) -> Bool in
            guard let (position, mark) = try queue.locate(owner, registry.place(of: owner), scope.context) else {
                return false
            }
            if let token = mark.token {
                registry.grant(owner, token)
            } else {
                try watch(owner, at: position, &queue, &scope)
            }
            return true
        }
        switch section {
        case .busy: return false
        case .absent: vanished(name)
        case .done(let isThere): if !isThere { registry.endWait(owner, .restart) }
        }
        return true
    }

    private func pruneWatched(_ queue: inout FileQueue, _ scope: inout Scope) throws(LockError) {
        var suspects = registry.watched(for: scope.name)
        let context = scope.context
        while true {
            try queue.removeAll(context, &scope.news) { mark in
                (mark.tag.kept != nil || suspects.contains(mark.tag.session)) && context.isGone(mark)
            }
            // Those before whom they stood may be dead as well.
            var before: QueueMark<SessionTag>?
            var dead: Set<SessionID> = []
            try queue.walk(queue.everybody) { _, mark in
                if mark.tag.session == id, mark.token == nil, let before, context.isGone(before) {
                    dead.insert(before.tag.session)
                }
                before = mark
                return true
            }
            guard !dead.isSubset(of: suspects) else { return }
            suspects.formUnion(dead)
        }
    }

    /// What the registry has to learn from a file.
    private struct Comparison: Sendable {
        var granted: [(OwnerID, FencingToken)] = []
        var missing: [OwnerID] = []
        var lost: [HeldClaim] = []
        /// The file that says so.
        let file: FileIdentity

        init(file: FileIdentity) {
            self.file = file
        }
    }

    private func compare(queue: inout FileQueue, _ scope: inout Scope) throws(LockError) -> Comparison {
        var tokens: [OwnerID: FencingToken] = [:]
        var waiters: [OwnerID: UInt64] = [:]
        try queue.walk(queue.everybody) { position, mark in
            guard mark.tag.session == id else { return true }
            if let token = mark.token { tokens[mark.owner] = token } else { waiters[mark.owner] = position }
            return true
        }
        let claims = registry.claims(on: scope.name)
        var comparison = Comparison(file: scope.file)
        for owner in claims.waiting {
            if let token = tokens[owner] {
                comparison.granted.append((owner, token))
            } else if let position = waiters[owner] {
                registry.move(owner, to: queue.place(position))
                try watch(owner, at: position, &queue, &scope)
            } else {
                comparison.missing.append(owner)
            }
        }
        comparison.lost = claims.held.filter { tokens[$0.claim.owner] != $0.token || $0.file != scope.file }
        return comparison
    }

    /// There is no file of `name` any more.
    func vanished(_ name: LockName) {
        let claims = registry.claims(on: name)
        for owner in claims.waiting { registry.endWait(owner, .restart) }
        for held in claims.held { registry.lose(held.claim.owner, held.token, .removed) }
    }

    /// Makes sure that the file that says what is held under `name` is still there.
    func checkPlace(of name: LockName) {
        let found = (try? directory.locks.attributes(of: LockFileName.encode(name))) ?? nil
        let claims = registry.claims(on: name)
        for held in claims.held where found.map(FileIdentity.init) != held.file {
            registry.lose(held.claim.owner, held.token, .removed)
        }
        if !claims.waiting.isEmpty { registry.suspect([name]) }
    }

    /// Whether the session's files and directory are still what others see.
    var isInPlace: Bool { directory.isInPlace && files.areInPlace }

    /// Whether the session has lost its files; if it has not noticed, it ends now.
    func isLost() -> Bool {
        if registry.isClosed { return true }
        guard !isInPlace else { return false }
        breakDown()
        return true
    }

    /// Ends a session whose files are gone: to all others it is dead already.
    func breakDown() {
        _ = registry.end(waits: .restart, holds: .removed)
        files.remove()
        thread.stop()
        refuseErrands(.restart)
        wakeThread()
        cache.clear()
    }

    /// Ends the session without waiting for anything, as the end of the process would.
    func abandon() {
        for name in registry.end(waits: .closed, holds: .closed) { _ = try? giveUp(name) }
        for file in cache.takeAll() { retire(file) }
        files.remove()
        thread.stop()
        refuseErrands(.closed)
        wakeThread()
    }

    /// Answers what will not be done any more.
    func refuseErrands(_ outcome: WaitOutcome) {
        for batch in errands.close() {
            for arrival in batch.arrivals { arrival.end(outcome) }
            for departure in batch.departures { departure.answer?.open(.success(.notHeld)) }
        }
    }
}
