extension FileStore {
    /// What the first look at the queue gave.
    private enum Entrance: Sendable {
        case granted(HeldClaim)
        case waiting(WaitSlot<WaitOutcome>, Contention)
        case refused(Contention)
    }

    /// Takes the claim, or waits for it in the order of arrival; see ``LockStore/acquire(_:)``.
    ///
    /// Nothing is polled while it waits. If the claim's entry gets lost because somebody removed files, it queues
    /// again, at the end.
    ///
    /// - Throws: ``LockError`` or `CancellationError`.
    public func acquire(_ request: LockRequest) async throws -> Acquisition {
        try Task.checkCancellation()
        try check(request.holder)
        var wasTold = false
        while true {
            let session = try session()
            try session.thread.attend(to: session)
            let entrance = try await enter(request, session)
            try session.thread.attend(to: session)
            switch entrance {
            case nil: return .unavailable(Contention())
            case .granted(let held): return .granted(held.grant)
            case .refused(let contention): return .unavailable(contention)
            case .waiting(let slot, let contention):
                if !wasTold { request.onQueued?(contention) }
                wasTold = true
                if let acquisition = try await wait(in: slot, request, session) { return acquisition }
            }
        }
    }

    /// Asks for the claim.
    ///
    /// - Returns: `nil` if the file stayed busy for as long as the request may wait.
    private func enter(_ request: LockRequest, _ session: FileSession) async throws -> Entrance? {
        let claim = request.claim
        let entry = QueueChange.Queue.Entry(
            owner: claim.owner,
            mode: claim.mode,
            holder: request.holder,
            tag: session.id
        )
        do {
            let result = try await section(patience(of: request, session)) { () throws(LockError) in
                try session.attempt(claim.name, creating: true) { change, file throws(LockError) -> Entrance in
                    let lastToken = change.queue.lastToken
                    switch try change.request(entry, mayWait: request.patience != .none) {
                    case .granted(let token):
                        return .granted(try session.registry.hold(claim, token: token, file: file))
                    case .queued:
                        let contention = change.queue.contention(for: claim.owner)
                        let slot = try session.registry.wait(for: claim, after: lastToken, file: file)
                        return .waiting(slot, contention)
                    case .refused:
                        return .refused(change.queue.contention(ahead: change.queue.waiters.count))
                    }
                }
            }
            guard case .done(let entrance) = result else { return nil }
            return entrance
        } catch {
            // The file is as it was; if it has an entry of this claim, from an earlier request, releasing will find it.
            session.registry.forget(claim.owner)
            throw error
        }
    }

    private func patience(of request: LockRequest, _ session: FileSession) -> GuardPatience {
        switch request.patience {
        case .none: .limited(.seconds(1), stopped(request.claim.name, session))
        case .until(let deadline): .until(deadline)
        case .unlimited: .unlimited
        }
    }

    /// Waits for a queued claim.
    ///
    /// - Returns: `nil` if it has to be asked for again.
    private func wait(in slot: WaitSlot<WaitOutcome>, _ request: LockRequest, _ session: FileSession) async throws
        -> Acquisition?
    {
        do {
            switch try await outcome(of: slot, request.patience) {
            case .granted(let held): return .granted(held.grant)
            case .restart: return nil
            case .withdrawn: throw CancellationError()
            case .closed: throw LockError.closed(store: label)
            case nil: return try await withdraw(request.claim, session)
            }
        } catch {
            session.registry.abandon(request.claim.owner)
            throw error
        }
    }

    /// - Returns: `nil` if the deadline has come first.
    private func outcome(of slot: WaitSlot<WaitOutcome>, _ patience: LockRequest.Patience) async throws -> WaitOutcome?
    {
        guard case .until(let deadline) = patience else { return try await slot.outcome() }
        return try await withThrowingTaskGroup(of: WaitOutcome?.self) { [clock] group in
            group.addTask { try await slot.outcome() }
            group.addTask {
                try await clock.sleep(until: deadline)
                return nil
            }
            defer { group.cancelAll() }
            return try await group.next() ?? nil
        }
    }

    /// Takes a claim out of the queue whose deadline has come, unless it has been granted in that very moment.
    private func withdraw(_ claim: LockClaim, _ session: FileSession) async throws -> Acquisition {
        let patience = GuardPatience.limited(.seconds(5), stuck(claim.name))
        let result = try await section(patience) { () throws(LockError) in
            try session.attempt(claim.name, creating: false) {
                change,
                _ throws(LockError) -> (FencingToken?, Contention) in
                let token = change.queue.holders.first { $0.owner == claim.owner }?.token
                let contention = change.queue.contention(for: claim.owner)
                if token == nil {
                    session.registry.forget(claim.owner)
                    _ = change.remove(claim.owner)
                }
                return (token, contention)
            }
        }
        guard case .done((let token, let contention)) = result else {
            session.registry.forget(claim.owner)
            return .unavailable(Contention())
        }
        guard let token else { return .unavailable(contention) }
        session.registry.grant(claim.owner, token)
        guard let held = session.registry.held(by: claim.owner) else { return .unavailable(contention) }
        return .granted(held.grant)
    }

    private func check(_ holder: Holder) throws(LockError) {
        let limit = Holder.maximumLabelLength
        if let label = holder.label, label.utf8.count > limit {
            throw .invalid("the label of a holder has \(label.utf8.count) bytes; at most \(limit) are allowed")
        }
        if let host = holder.host, host.utf8.count > limit {
            throw .invalid("the host name of a holder has \(host.utf8.count) bytes; at most \(limit) are allowed")
        }
    }

    /// The error when the outcome of a release is not known.
    func stuck(_ name: LockName) -> LockError {
        .unreachable(
            store: label,
            reason: "the file of \"\(name)\" stays locked; a process seems to be stopped in the middle of changing it"
        )
    }
}
