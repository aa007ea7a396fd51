public import DistributedLocks
import Synchronization

extension RedisStore {
    /// Takes the claim, or waits in the queue for it; see `LockStore.acquire`.
    public func acquire(_ request: LockRequest) async throws -> Acquisition {
        try Task.checkCancellation()
        guard !isClosed.load(ordering: .sequentiallyConsistent) else { throw LockError.closed(store: label) }
        let keys = try keys(of: request.claim.name)
        var place = makePlace(request)
        var onQueued = request.onQueued
        while true {
            switch try await ask(request, place, keys) {
            case .granted(let token, let sent):
                return .granted(try await grant(request, keys, token, confirmed: sent))
            case .busy(let contention):
                // A request that was not answered must not take the lock later, when nobody wants it any more.
                if doubts.contains(request.claim.owner) { _ = try await release(request.claim) }
                return .unavailable(contention)
            case .queued(let contention, let asked):
                onQueued.take()?(contention)
                place.asked = asked
                switch try await wait(request, place, keys) {
                case .granted(let token, let confirmed) where isFresh(confirmed, request.ttl):
                    return .granted(try await grant(request, keys, token, confirmed: confirmed))
                case .granted: place.slot = WaitSlot()
                case .unavailable(let contention): return .unavailable(contention)
                }
            }
        }
    }

    func keys(of name: LockName) throws(LockError) -> LockKeys {
        try LockKeys(name, prefix: configuration.keyPrefix)
    }
}

/// What came of asking.
private enum Asked {
    case granted(FencingToken, sent: LeaseClock.Instant)
    case queued(Contention, asked: String)
    case busy(Contention)
}

/// What came of waiting.
private enum Waited {
    case granted(FencingToken, confirmed: LeaseClock.Instant)
    case unavailable(Contention)
}

extension RedisStore {
    /// How much longer than the caller's patience an answer may take that is under way.
    private static let grace = Duration.milliseconds(500)
    private static let pause = Duration.milliseconds(50)

    private func makePlace(_ request: LockRequest) -> WaitLine.Place {
        WaitLine.Place(
            claim: request.claim,
            ttl: request.ttl,
            value: values.text(for: request.claim.owner, request.holder),
            slot: WaitSlot(),
            confirmed: clock.now,
            asked: "0",
            ahead: 0,
            contention: Contention()
        )
    }

    /// Asks for the lock until there is an answer. The request may be repeated: it is the owner's, whatever became of the
    /// first.
    private func ask(_ request: LockRequest, _ place: WaitLine.Place, _ keys: LockKeys) async throws -> Asked {
        var deadline = clock.now.advanced(by: configuration.requestTimeout)
        if case .until(let end) = request.patience {
            deadline = min(deadline, max(end, clock.now).advanced(by: Self.grace))
        }
        let owner = request.claim.owner
        var refusal: RESPError?
        while true {
            var connection: UInt64?
            do {
                let (answer, sent) = try await send(place, keys, wait: request.patience != .none, deadline) {
                    connection = $0
                }
                switch answer {
                case .granted(let token): return .granted(token, sent: sent)
                case .queued(let obstacle): return .queued(obstacle.contention, asked: obstacle.asked)
                case .busy(let obstacle): return .busy(obstacle.contention)
                case .withdrawn: throw CancellationError()
                }
            } catch {
                if let connection { doubts.note(owner, on: connection, ttl: request.ttl, after: error) }
                // What the server said last tells more than that the time for another answer was too short.
                let isOverdue = error as? RequestFailure == .overdue
                try await recover(from: isOverdue ? refusal ?? error : error, until: deadline)
                refusal = error as? RESPError
            }
        }
    }

    private func send(
        _ place: WaitLine.Place,
        _ keys: LockKeys,
        wait: Bool,
        _ deadline: LeaseClock.Instant,
        onSend: (UInt64) -> Void
    ) async throws -> (AcquireAnswer, LeaseClock.Instant) {
        try await calls.acquire(keys, place, wait: wait, deadline: deadline, onSend: onSend) { [room] answer, sent in
            guard case .queued(let obstacle) = answer else { return }
            var place = place
            place.confirmed = sent
            place.ahead = obstacle.ahead
            place.asked = obstacle.asked
            place.contention = obstacle.contention
            room.admit(place, keys: keys, obstacle)
        }
    }

    /// Decides whether to ask again after an error.
    private func recover(from error: any Error, until deadline: LeaseClock.Instant) async throws {
        if isClosed.load(ordering: .relaxed) { throw LockError.closed(store: label) }
        guard clock.now < deadline else { throw translate(error) }
        switch error {
        case RequestFailure.unanswered: return
        case let error as RESPError where error.isReadOnly || error.isTransient: break
        default: throw translate(error)
        }
        try await clock.sleep(for: Self.pause)
    }

    /// Waits in the queue.
    private func wait(_ request: LockRequest, _ place: WaitLine.Place, _ keys: LockKeys) async throws -> Waited {
        let slot = place.slot
        var ticket: Timers.Ticket?
        if case .until(let end) = request.patience { ticket = timers.schedule(at: end) { slot.finish(.outOfTime) } }
        defer { if let ticket { timers.cancel(ticket) } }
        do {
            switch try await slot.outcome() {
            case .granted(let token, let confirmed): return .granted(token, confirmed: confirmed)
            case .withdrawn: throw CancellationError()
            case .closed: throw LockError.closed(store: label)
            case .outOfTime: return try await withdraw(place, keys)
            }
        } catch {
            _ = room.remove(request.claim.owner)
            throw error
        }
    }

    /// Takes a waiter out of the queue whose time is up. If it has been granted in the very same moment, the grant is given
    /// back: the caller was told the time first.
    private func withdraw(_ place: WaitLine.Place, _ keys: LockKeys) async throws -> Waited {
        let owner = place.claim.owner
        let last = room.remove(owner)?.contention ?? place.contention
        do {
            let deadline = clock.now.advanced(by: Self.grace)
            let answer = try await calls.release(owner, keys, deadline: deadline) { doubts.refusal(of: owner, on: $0) }
            doubts.remove(owner)
            switch answer {
            case .queued(let contention): return .unavailable(contention)
            case .held, .nothing: return .unavailable(last)
            }
        } catch {
            throw translate(error)
        }
    }

    private func isFresh(_ confirmed: LeaseClock.Instant, _ ttl: Duration) -> Bool {
        clock.now < confirmed.advanced(by: ttl * 4 / 5)
    }

    private func grant(
        _ request: LockRequest,
        _ keys: LockKeys,
        _ token: FencingToken,
        confirmed: LeaseClock.Instant
    ) async throws -> Grant {
        let confirmed = try await replicated(request, keys) ?? confirmed
        let signal = holdings.add(request.claim.owner, keys)
        // A store that is closing may have told its holders before this one was among them.
        if isClosed.load(ordering: .sequentiallyConsistent) { throw LockError.closed(store: label) }
        return Grant(
            claim: request.claim,
            token: token,
            validity: .until(LeaseTerm(ttl: request.ttl).deadline(confirmedBySending: confirmed)),
            lossSignal: signal
        )
    }

    /// Waits until enough replicas know of the grant, if that is asked for.
    ///
    /// - Returns: Just before the request was sent that has confirmed the lease anew.
    private func replicated(_ request: LockRequest, _ keys: LockKeys) async throws -> LeaseClock.Instant? {
        guard let replication else { return nil }
        do {
            let (answers, sent) = try await replication.renew([(request.claim.owner, keys, request.ttl)])
            guard answers == [true] else { throw LockError.lost(request.claim.name, .removed) }
            return sent
        } catch {
            throw translate(error)
        }
    }
}

extension RedisStore {
    /// Any error of the client as one for users.
    func translate(_ error: any Error) -> any Error {
        switch error {
        case RequestFailure.cancelled: CancellationError()
        case let failure as RequestFailure: failure.lockError(store: label)
        case let error as RESPError: error.lockError(store: label, doing: "a script")
        default: error
        }
    }
}
