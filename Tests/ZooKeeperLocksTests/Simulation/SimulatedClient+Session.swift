import DistributedLocks
import NIOCore

@testable import ZooKeeperLocks

extension SimulatedClient {
    // MARK: What the loop does

    func perform(_ effects: [SessionEffect<Request, Int>]) {
        for effect in effects { perform(effect) }
        proved(machine.proof)
        reschedule()
    }

    private func perform(_ effect: SessionEffect<Request, Int>) {
        switch effect {
        case .connect(let server, let number): link = simulation.connect(self, number, to: server)
        case .write(let bytes): if let link { simulation.write(bytes, link) }
        case .disconnect(let number): if let link, link.number == number { simulation.disconnect(link) }
        case .answered(let request, let answer):
            if exchanges[request.exchange]?.finish(request.index, .success(answer)) != true { forgetWatch(of: request) }
        case .failed(let request, let failure):
            exchanges[request.exchange]?.finish(request.index, .failure(failure))
        case .notify(let watcher, let event):
            if event == nil, simulation.flaw == .silentEnd { return }
            watchers.removeValue(forKey: watcher)?(event)
        case .attached(let info): attached(info)
        case .detached(let reason): detached(reason)
        case .expired(let id): expired(id)
        case .attemptFailed(let failure, let everywhere): failed(failure, everywhere)
        case .closed: shut()
        }
    }

    private func forgetWatch(of request: Request) {
        if let watch = request.watch { forget(watch.watcher, at: watch.path) }
    }

    /// Nobody is interested any more in what a watch tells.
    func forget(_ watcher: Int, at path: String) {
        machine.forget(watcher, at: path)
        watchers[watcher] = nil
    }

    func opened(_ link: SimulatedLink) {
        guard link.isOpen else { return }
        perform(machine.opened(link.number, at: now))
    }

    func ended(_ link: SimulatedLink, _ reason: String) {
        guard link.isOpen else { return }
        link.isOpen = false
        perform(machine.ended(link.number, reason, at: now))
    }

    func received(_ bytes: ByteBuffer, _ link: SimulatedLink) {
        guard link.isOpen else { return }
        var frame = bytes
        frame.moveReaderIndex(forwardBy: 4)
        perform(machine.received(frame, on: link.number, at: now))
    }

    private func reschedule() {
        guard let wanted = machine.nextWake else { return }
        if let wake, wake.at <= wanted { return }
        wake?.ticket.cancel()
        wake = (wanted, schedule(at: wanted) { [self] in woken() })
    }

    private func woken() {
        wake = nil
        if let wanted = machine.nextWake, wanted <= now { return perform(machine.clockReached(now)) }
        reschedule()
    }

    // MARK: What is known of the session

    private func attached(_ info: SessionInfo) {
        note("attached to s\(info.server), session \(info.id.hex), timeout \(info.timeout)")
        view.id = info.id
        view.times = SessionTimes(timeout: info.timeout)
        view.isAttached = true
        lastError = nil
        hasBeenAttached = true
        release(nil)
    }

    private func detached(_ reason: String) {
        note("detached: \(reason)")
        if reason.contains("not the protocol") { simulation.violate("c\(number) \(reason)") }
        view.isAttached = false
        lastError = .unreachable(store: "", reason: reason)
    }

    private func expired(_ id: Int64) {
        note("session \(id.hex) has expired")
        view.id = nil
        view.deadline = nil
        view.lastConfirmed = nil
        store.sessionEnded(id)
        if simulation.flaw == .sessionAbandoned { machine.session = nil }
    }

    private func proved(_ proof: SessionProof?) {
        view.deadline = proof?.deadline
        view.lastConfirmed = proof?.lastConfirmed
        guard proof != nil else { return }
        switch simulation.flaw {
        case .answersProve:
            view.lastConfirmed = machine.lastContact
            view.deadline = LeaseTerm(ttl: view.times.timeout).deadline(confirmedBySending: machine.lastContact)
        case .deadlineTooLong: view.deadline = view.deadline?.advanced(by: view.times.timeout / 2)
        default: break
        }
    }

    private func failed(_ failure: ConnectFailure, _ everywhere: Bool) {
        note("attempt failed: \(failure)")
        let error: LockError
        var isHopeless = everywhere
        switch failure {
        case .denied(let reason): error = .denied(store: "", reason: reason)
        case .unreachable(let reason):
            error = .unreachable(store: "", reason: reason)
            isHopeless = everywhere && !hasBeenAttached
        }
        lastError = error
        if isHopeless { release(error) }
    }

    private func shut() {
        note("closed")
        isClosed = true
        view.isAttached = false
        view.id = nil
        for exchange in outbox { exchange.end(.closed) }
        outbox = []
        release(LockError.closed(store: ""))
        onClosed()
    }

    private func release(_ error: (any Error)?) {
        let all = waiters
        waiters = []
        for waiter in all { waiter.completion(error) }
    }

    /// Ends the session.
    func close() {
        guard isStarted else { return shut() }
        perform(machine.close(at: now))
    }
}
