@testable import DistributedLocks
@testable import ZooKeeperLocks

extension SimulatedClaim {
    /// The lock has been handed out.
    func adopt(_ ownership: Ownership, until deadline: LeaseClock.Instant) {
        if errand.isCancelled { return refuse(RequestFailure.cancelled) }
        if deadline <= now { return refuse(RequestFailure.overdue) }
        (token, session) = (ownership.czxid, ownership.sessionID)
        let pace = RenewalPace(ttl: client.view.times.timeout / 3, random: client.randomSource)
        lease = LeaseMachine(validity: .until(deadline), pace: pace, start: now, atLeast: nil, atMost: nil)
        stage = .held
        note("is granted, token \(token.hex), until \(simulation.milliseconds(client.clock.time(of: deadline)))")
        if let early {
            handle { machine, _ in machine.lossReported(early) }
            return
        }
        simulation.judge.granted(self, ownership)
        reschedule()
        let time = simulation.isCalm ? min(wanted, simulation.world.timeout / 20) : wanted
        client.schedule(time, rank: rank) { [self] in release() }
    }

    private func refuse(_ error: any Error) {
        failure = error
        note("is granted in vain: \(error)")
        giveBack()
    }

    /// Whether its user relies on it.
    var isLive: Bool {
        guard stage == .held, !client.isDead, let state = lease?.state(at: now) else { return false }
        if case .lost = state { return simulation.flaw == .clockIgnored && leaseTimer != nil }
        return true
    }

    /// The user is done with it.
    func release() {
        guard stage == .held else { return }
        note("is released")
        handle { machine, now in machine.release(at: now) }
    }

    /// The user wants to be done with it, be it held or not.
    func endSoon() {
        switch (stage, patience) {
        case (.held, _): client.schedule(simulation.time(.zero...simulation.world.timeout / 4)) { [self] in release() }
        default: break
        }
    }

    /// The store has noticed that it is lost.
    func lost(_ reason: LossReason) {
        note("is lost: \(reason)")
        early = reason
        client.schedule(.zero, rank: rank) { [self] in
            guard stage == .held else { return }
            handle { machine, _ in machine.lossReported(reason) }
        }
    }

    private func handle(_ event: (inout LeaseMachine, LeaseClock.Instant) -> LeaseMachine.Effects) {
        guard var machine = lease.take() else { return }
        let effects = event(&machine, now)
        if effects.contains(.announce), case .lost(let reason) = machine.state(at: now) { note("ends: \(reason)") }
        lease = consume machine
        if effects.contains(.giveBack) {
            giveBack()
        } else if effects.contains(.gone) {
            finish()
        }
        reschedule()
        if effects.contains(.renew) { client.schedule(.zero, rank: rank) { [self] in renew() } }
    }

    private func reschedule() {
        leaseTimer?.cancel()
        leaseTimer = nil
        guard stage == .held, let wake = lease?.nextWake else { return }
        leaseTimer = client.schedule(at: wake, rank: rank) { [self] in
            handle { machine, now in machine.clockReached(now) }
        }
    }

    private func renew() {
        guard stage == .held else { return }
        let answer = renewal
        if simulation.flaw == .clockIgnored, case .confirmed(let validity) = answer { return revive(validity) }
        handle { machine, now in machine.renewalAnswered(answer, at: now) }
    }

    private func revive(_ validity: Grant.Validity) {
        let pace = RenewalPace(ttl: client.view.times.timeout / 3, random: client.randomSource)
        lease = LeaseMachine(validity: validity, pace: pace, start: now, atLeast: nil, atMost: nil)
        reschedule()
    }

    private var renewal: Renewal {
        let view = client.view
        guard let holding = store[self] else { return .refused(store.isClosed ? .closed : .removed) }
        let session = simulation.flaw == .ownershipByName ? view.id : holding.ownership.sessionID
        return view.renewal(ofLockIn: session ?? 0, store: "", at: now)
    }
}

extension SimulatedClaim {
    /// Removes whatever is left of it, again and again until that is certain.
    func giveBack() {
        stage = .returning
        if simulation.flaw == .nothingGivenBack { return finish() }
        attempts += 1
        store.release(self) { [self] result in
            note("is given back: \(result)")
            if simulation.flaw == .onlyOneAttempt { return finish() }
            switch result {
            case .success, .failure(LockError.closed): finish()
            case .failure(RequestFailure.closed): finish()
            case .failure:
                let pause = min(.seconds(5), .milliseconds(50) * (1 << min(attempts - 1, 7)))
                let delay = pause / 2 + client.randomSource.jitter(upTo: pause / 2)
                client.schedule(delay, rank: rank) { [self] in giveBack() }
            }
        }
    }

    private func finish() {
        stage = .done
        leaseTimer?.cancel()
        simulation.judge.ended(self)
    }
}
