extension FileStore {
    /// How long a waiter tries to come back whose directory was removed.
    private static let returnPatience = Duration.seconds(10)

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
        var isRetry = false
        var losses = 0
        while true {
            let session = isRetry ? try await sessionAfterLoss(request.patience) : try session()
            guard let session else { return .unavailable(Contention()) }
            try session.thread.attend(to: session)
            let wait = DeadlineTimer(request, session, timers)
            defer { wait.cancel() }
            let entrance: Entrance?
            do {
                entrance = try await enter(request, session, isRetry: isRetry, wait)
            } catch let error as LockError where losses < 100 && error != .closed(store: label) && session.isLost() {
                // Its files are being taken away at this moment.
                losses += 1
                isRetry = true
                continue
            }
            try session.thread.attend(to: session)
            switch entrance {
            case nil: return .unavailable(Contention())
            case .granted(let held): return .granted(held.grant)
            case .refused(let contention): return .unavailable(contention)
            case .waiting(let slot, let contention):
                if !wasTold, let contention {
                    wasTold = true
                    request.onQueued?(contention)
                }
                if let acquisition = try await self.wait(in: slot, request, session, wait) { return acquisition }
                isRetry = true
            }
        }
    }

    /// The deadline of one wait, set when it is clear that there is one.
    private final class DeadlineTimer {
        private let request: LockRequest
        private let session: FileSession
        private let timers: TimerQueue<Timer>
        private var ticket: TimerQueue<Timer>.Ticket?

        init(_ request: LockRequest, _ session: FileSession, _ timers: TimerQueue<Timer>) {
            self.request = request
            self.session = session
            self.timers = timers
        }

        func set() {
            guard ticket == nil, case .until(let deadline) = request.patience else { return }
            ticket = timers.schedule(.deadline(session, request.claim), at: deadline)
        }

        func cancel() {
            if let ticket { timers.cancel(ticket) }
        }
    }

    /// Asks for the claim: in this task as long as this process has nothing to do with the name, else together with what
    /// else has been asked for meanwhile.
    ///
    /// - Returns: `nil` if the file stayed busy for as long as the request may wait.
    private func enter(
        _ request: LockRequest,
        _ session: FileSession,
        isRetry: Bool,
        _ timer: DeadlineTimer
    ) async throws -> Entrance? {
        let name = request.claim.name
        let slot = WaitSlot<WaitOutcome>()
        if request.patience != .none, session.registry.uses(name) || session.errands.concern(name) {
            let queued = request.onQueued.map { _ in WaitSlot<Contention?>() }
            let arrival = Errands.Arrival(request: request, isRetry: isRetry, slot: slot, queued: queued)
            // A session that has ended meanwhile is asked for anew.
            guard session.leave(arrival) else {
                slot.finish(.restart)
                return .waiting(slot, nil)
            }
            timer.set()
            guard let queued else { return .waiting(slot, nil) }
            return .waiting(slot, try await queued.outcome())
        }
        do {
            let arrival = Errands.Arrival(request: request, isRetry: isRetry, slot: slot, queued: nil)
            let result = try await section(patience(of: request, session)) { () throws(LockError) in
                try session.enter([arrival], of: name)
            }
            guard case .done(let answers) = result else { return nil }
            return try answers.first?.get()
        } catch {
            // If the file has an entry of this claim, releasing will find it.
            session.registry.forget(request.claim.owner)
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
    private func wait(
        in slot: WaitSlot<WaitOutcome>,
        _ request: LockRequest,
        _ session: FileSession,
        _ timer: DeadlineTimer
    ) async throws -> Acquisition? {
        timer.set()
        do {
            switch try await slot.outcome() {
            case .granted(let held): return .granted(held.grant)
            case .restart: return nil
            case .expired(let contention): return .unavailable(contention)
            case .failed(let error): throw error
            case .withdrawn: throw CancellationError()
            case .closed: throw LockError.closed(store: label)
            }
        } catch {
            session.registry.abandon(request.claim.owner)
            throw error
        }
    }

    /// The session after the former one has lost its files, which may go on disappearing for a moment.
    ///
    /// - Returns: `nil` if the patience is over.
    private func sessionAfterLoss(_ patience: LockRequest.Patience) async throws -> FileSession? {
        let start = clock.now
        while true {
            let failure: LockError
            do throws(LockError) {
                return try session()
            } catch {
                failure = error
            }
            let now = clock.now
            guard case .storeFailed = failure, patience != .none, start.duration(to: now) <= Self.returnPatience else {
                throw failure
            }
            if case .until(let deadline) = patience, now >= deadline { return nil }
            try await clock.sleep(until: now.advanced(by: .milliseconds(50)))
        }
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
}
