import DistributedLocks

@testable import ZooKeeperLocks

extension SimulatedClient {
    // MARK: Requests

    /// Sends requests, one right after the other, as soon as there is a connection, and waits for all answers.
    func send(_ call: SimulatedCall) {
        whenAttached(call) { [self] error in
            if let error { return call.completion(.failure(error)) }
            call.onSend()
            let exchange = SimulatedExchange(fresh(), call)
            exchanges[exchange.number] = exchange
            let ticket = schedule(at: call.deadline, rank: call.rank) { exchange.end(.overdue) }
            call.errand.onCancel = { exchange.end(.cancelled) }
            exchange.completion = { [self] outcomes in
                ticket.cancel()
                exchanges[exchange.number] = nil
                later(call.rank) { [self] in
                    call.errand.onCancel = nil
                    let isUntouched = outcomes.allSatisfy {
                        if case .failure(.notSent) = $0 { true } else { false }
                    }
                    if isUntouched, now < call.deadline { return send(call) }
                    call.completion(.success(outcomes))
                }
            }
            if call.errand.isCancelled { exchange.end(.cancelled) }
            post(exchange)
        }
    }

    /// As tasks do: at once, or when others have had their turn. Now and then that takes very long, for one task or for all.
    private func later(_ rank: Int, _ body: @escaping () -> Void) {
        guard simulation.chance(4) else { return _ = schedule(.zero, rank: rank, body) }
        let isLong = simulation.chance(25) && simulation.world.troubles.contains(.pauses) && !simulation.isCalm
        guard isLong else { return _ = schedule(simulation.time(.zero...view.times.timeout / 100), rank: rank, body) }
        // The interesting ones last as long as a session.
        let shortest = simulation.chance(50) ? .zero : view.times.timeout
        let delay = simulation.time(shortest...view.times.timeout * 3 / 2)
        guard simulation.chance(60) else { return _ = schedule(delay, rank: rank, body) }
        note("stands still in the middle of something for \(delay)")
        pausedUntil = max(pausedUntil, simulation.now + delay.nanoseconds)
        // What was begun comes before whatever has arrived meanwhile.
        schedule(.zero, rank: rank - .max / 2, body)
    }

    /// Everything that is posted within one turn of the event loop leaves in one write, in order.
    private func post(_ exchange: SimulatedExchange) {
        outbox.append(exchange)
        guard outbox.count == 1 else { return }
        schedule(.zero) { [self] in
            let exchanges = outbox
            outbox = []
            let submissions = exchanges.flatMap { exchange in
                exchange.call.requests.enumerated().map { index, request in
                    SessionMachine<Request, Int>.Submission(
                        operation: request.0,
                        watcher: request.1,
                        request: Request(exchange: exchange.number, index: index, watch: Watched(request)),
                        isAbsolute: exchange.call.isAbsolute
                    )
                }
            }
            perform(machine.submit(submissions, at: now))
        }
    }

    private func whenAttached(_ call: SimulatedCall, _ completion: @escaping ((any Error)?) -> Void) {
        if isClosed { return completion(LockError.closed(store: "")) }
        if view.isAttached { return completion(nil) }
        if !isStarted {
            isStarted = true
            schedule(.zero) { [self] in perform(machine.start(at: now)) }
        }
        let waiter = fresh()
        let ticket = schedule(at: call.deadline, rank: call.rank) { [self] in
            waiters.removeAll { $0.number == waiter }
            call.errand.onCancel = nil
            completion(lastError ?? .unreachable(store: "", reason: "no connection in time"))
        }
        call.errand.onCancel = { [self] in
            waiters.removeAll { $0.number == waiter }
            ticket.cancel()
            schedule(.zero, rank: call.rank) { completion(RequestFailure.cancelled) }
        }
        waiters.append(
            (
                waiter,
                { [self] error in
                    ticket.cancel()
                    call.errand.onCancel = nil
                    schedule(.zero, rank: call.rank) {
                        completion(call.errand.isCancelled ? RequestFailure.cancelled : error)
                    }
                }
            )
        )
        if call.errand.isCancelled { call.errand.onCancel?() }
    }

    /// Somebody who wants to know what happens to a node.
    func watcher(_ notify: @escaping (WatchEvent?) -> Void) -> Int {
        let number = fresh()
        watchers[number] = notify
        return number
    }

    /// How many requests wait for an answer.
    var pendingCount: Int {
        if case .attached(let attachment) = machine.phase { attachment.pending.count } else { 0 }
    }
}

extension SimulatedClient.Watched {
    fileprivate init?(_ request: (Operation, Int?)) {
        guard let watcher = request.1, let path = request.0.watchedPath else { return nil }
        self.init(watcher: watcher, path: path)
    }
}
