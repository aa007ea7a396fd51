@testable import DistributedLocks
@testable import ZooKeeperLocks

extension SimulatedClaim {
    /// Takes the lock, or waits for it.
    func begin() {
        note("begins, patience \(patience), wanted for \(wanted)")
        guard !store.isClosed else { return fail(LockError.closed(store: "")) }
        store.enter()
        take(contender.begin())
    }

    /// Nobody wants it any more.
    func cancel() {
        guard stage == .acquiring else { return }
        note("is cancelled")
        errand.cancel()
    }

    private func take(_ step: Contender.Step) {
        switch step {
        case .send(let operations): send(operations)
        case .makeRoot: makeRoot()
        case .queued:
            note("is queued")
            take(contender.wait())
        case .wait: wait()
        case .holding(let ownership):
            if grant(ownership) { return }
            take(contender.confirm())
        case .left:
            store.traces[owner] = nil
            store.leave()
            fail(nil)
        case .failed(let failure):
            if contender.isTurnedDown { store.traces[owner] = nil }
            failed(failure)
        }
    }

    private func failed(_ failure: Contender.ContenderFailure) {
        guard case .server(let error) = failure, error.isTransient, now < deadline else {
            if case .nonsense(let text) = failure { simulation.violate("\(self) meets nonsense: \(text)") }
            return fail(failure)
        }
        let ticket = client.schedule(.milliseconds(50), rank: rank) { [self] in
            errand.onCancel = nil
            take(contender.search())
        }
        errand.onCancel = { [self] in
            ticket.cancel()
            client.schedule(.zero, rank: rank) { [self] in stop(RequestFailure.cancelled) }
        }
    }

    private func makeRoot() {
        let operations: [(Operation, Int?)] = ["/top", "/top/locks"].map {
            (.create(path: $0, access: [.open], mode: .persistent), nil)
        }
        let call = SimulatedCall(operations, until: deadline, isAbsolute: true, rank: rank, errand: errand) {
            [self] result in
            do {
                guard let last = try result.get().last else { return }
                switch try last.get().result {
                case .success, .failure(.nodeExists): take(contender.rootMade())
                case .failure(let error): throw error
                }
            } catch {
                stop(error)
            }
        }
        client.send(call)
    }

    // MARK: Requests

    private func send(_ operations: [Operation]) {
        if store.isClosed { return stop(LockError.closed(store: "")) }
        slot = client.fresh()
        wakening = nil
        let mine = slot
        let watcher = client.watcher { [self] _ in finish(.woken, mine) }
        watched = operations.lazy.compactMap(\.watchedPath).first.map { (watcher, $0) }
        var requests = operations.map { ($0, $0.watchedPath == nil ? nil : watcher) }
        if simulation.flaw == .noCatchingUp, case .searching = contender.phase { requests = requests.suffix(1) }
        transmit(requests)
    }

    private func transmit(_ requests: [(Operation, Int?)]) {
        let deadline = stepDeadline
        guard now < deadline else { return stop(RequestFailure.overdue) }
        let call = SimulatedCall(
            requests,
            until: deadline,
            rank: rank,
            errand: errand,
            onSend: { [self] in
                if requests.contains(where: { $0.0.makes }) { store.traces[owner] = .uncertain }
            },
            completion: { [self] result in
                switch result {
                case .success(let outcomes): answered(outcomes)
                case .failure(LockError.unreachable) where contender.hasQueued && now < stepDeadline:
                    transmit(requests)
                case .failure(let error): stop(error)
                }
            }
        )
        client.send(call)
    }

    private var stepDeadline: LeaseClock.Instant {
        guard contender.hasQueued else { return deadline }
        let usual = now.advanced(by: client.configuration.requestTimeout)
        return end.map { min($0, usual) } ?? usual
    }

    private func answered(_ outcomes: [Exchange.Outcome]) {
        note("\(contender.phase.word): \(outcomes.map(\.word).joined(separator: ", "))")
        let step = contender.answered(bent(outcomes))
        if !step.isRest { forgetWatch() }
        if let own = contender.own { store.traces[owner] = .known(own.paths) }
        take(step)
    }

    /// Nobody waits for a node any more.
    private func forgetWatch() {
        if let watched { client.forget(watched.watcher, at: watched.path) }
        watched = nil
    }

    // MARK: Waiting

    private func finish(_ wakening: Wakening, _ slot: Int) {
        guard slot == self.slot, self.wakening == nil else { return }
        self.wakening = wakening
        guard isWaiting else { return }
        client.schedule(.zero, rank: rank) { [self] in wake() }
    }

    private func wait() {
        isWaiting = true
        let mine = slot
        if case .until(let end) = patience {
            timer = client.schedule(at: end, rank: rank) { [self] in finish(.outOfTime, mine) }
        }
        store.enterWait(self) { [self] in finish(.closed, mine) }
        errand.onCancel = { [self] in finish(.cancelled, mine) }
        if errand.isCancelled { finish(.cancelled, mine) }
        if wakening != nil { client.schedule(.zero, rank: rank) { [self] in wake() } }
    }

    private func wake() {
        guard isWaiting, let wakening else { return }
        isWaiting = false
        timer?.cancel()
        errand.onCancel = nil
        store.leaveWait(self)
        note("\(wakening)")
        if wakening != .woken { forgetWatch() }
        switch wakening {
        case .woken:
            if simulation.flaw == .wokenMeansHolder, let own = contender.own {
                take(.holding(own))
            } else {
                take(contender.woken())
            }
        case .outOfTime: take(contender.outOfTime())
        case .closed: stop(LockError.closed(store: ""))
        case .cancelled: stop(RequestFailure.cancelled)
        }
    }

    // MARK: Ends

    /// Hands the lock out, if the session certainly lives for a while.
    private func grant(_ ownership: Ownership) -> Bool {
        var view = client.view
        let flaw = simulation.flaw
        let session = flaw == .ownershipByName ? view.id : ownership.sessionID
        if flaw == .noProof, let deadline = view.deadline {
            view.deadline = max(deadline, now.advanced(by: view.times.timeout / 2))
        }
        guard let deadline = view.deadline(ofLockIn: session ?? 0, at: now), store.hold(self, ownership) else {
            return false
        }
        if view.isShort(deadline, at: now) { store.hurry() }
        store.leave()
        client.schedule(.zero, rank: rank) { [self] in adopt(ownership, until: deadline) }
        return true
    }

    private func stop(_ error: any Error) {
        store.leave()
        fail(error)
    }

    private func fail(_ error: (any Error)?) {
        failure = error
        note(error.map { "fails: \($0)" } ?? "cannot have it")
        giveBack()
    }
}

extension SimulatedClaim {
    /// What somebody who is mistaken understands.
    private func bent(_ outcomes: [Exchange.Outcome]) -> [Exchange.Outcome] {
        var outcomes = outcomes
        switch (simulation.flaw, contender.phase) {
        case (.lostMeansUndone, .creating), (.lostMeansUndone, .makingAncestors):
            for index in outcomes.indices {
                if case .failure(.unanswered) = outcomes[index] { outcomes[index] = .failure(.notSent("")) }
            }
        case (.noCatchingUp, .searching): outcomes += outcomes
        case (.missedWakening, .watching):
            if case .success(let answer) = outcomes[0], case .failure(.noNode) = answer.result {
                outcomes[0] = .success(
                    Answer(result: .success(.data([], Stat())), sessionID: answer.sessionID, sent: answer.sent)
                )
            }
        case (.ownershipByName, _):
            guard let session = contender.own?.sessionID else { break }
            outcomes = outcomes.map { outcome in
                outcome.map { Answer(result: $0.result, sessionID: session, sent: $0.sent) }
            }
        default: break
        }
        return outcomes
    }
}

extension Operation {
    fileprivate var makes: Bool {
        switch self {
        case .create(_, _, _, .ephemeralSequential): true
        case .multi(let operations): operations.contains { if case .create = $0 { true } else { false } }
        default: false
        }
    }
}

extension Contender.Phase {
    fileprivate var word: String { String("\(self)".prefix { $0 != "(" }) }
}

extension Exchange.Outcome {
    fileprivate var word: String {
        switch self {
        case .failure(let failure): "\(failure)"
        case .success(let answer):
            switch answer.result {
            case .failure(let error): "\(error)"
            case .success(.created(let path, let stat)): "created \(path) (\(stat.czxid.hex))"
            case .success(.children(let nodes)): "\(nodes.sorted())"
            case .success(.stat(let stat)): "stat (czxid \(stat.czxid.hex), of \(stat.ephemeralOwner.hex))"
            case .success(.results(let results)): "\(results)"
            case .success(.data): "data"
            case .success(.done): "done"
            }
        }
    }
}

extension Contender.Step {
    fileprivate var isRest: Bool {
        switch self {
        case .queued, .wait: true
        default: false
        }
    }
}
