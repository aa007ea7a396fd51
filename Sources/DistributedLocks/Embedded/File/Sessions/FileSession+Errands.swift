extension FileSession {
    /// How long a departure is tried whose file another process keeps busy.
    private static let departurePatience = Duration.seconds(2)

    /// Leaves an errand to the session's thread.
    ///
    /// - Returns: `false` if the session is closed.
    func leave(_ arrival: Errands.Arrival) -> Bool { wakeThread(for: errands.add(arrival)) }

    /// Leaves an errand to the session's thread.
    ///
    /// - Returns: `false` if the session is closed.
    func leave(_ departure: Errands.Departure) -> Bool { wakeThread(for: errands.add(departure)) }

    private func wakeThread(for acceptance: Errands.Acceptance) -> Bool {
        switch acceptance {
        case .refused: return false
        case .first: wakeThread()
        case .joined: break
        }
        return true
    }

    /// Does what tasks have left to the session's thread at one name.
    ///
    /// - Returns: What could not be done since another process is in a critical section of the file.
    func perform(_ batch: Errands.Batch, at name: LockName, now: ContinuousClock.Instant) -> Errands.Batch {
        var batch = batch
        let isDone: Bool
        do throws(LockError) {
            isDone = try arrive(&batch, at: name)
        } catch {
            for arrival in batch.arrivals {
                registry.forget(arrival.request.claim.owner)
                arrival.finish(.failure(error))
            }
            batch.arrivals = []
            isDone = true
        }
        do throws(LockError) {
            if isDone { try depart(&batch, at: name) } else { departBeforeArrival(&batch) }
        } catch {
            fail(&batch, with: error)
        }
        let overdue = batch.departures.contains { $0.since.duration(to: now) > Self.departurePatience }
        if overdue { fail(&batch, with: stuck(name)) }
        return batch
    }

    /// - Returns: Whether there are no arrivals any more.
    private func arrive(_ batch: inout Errands.Batch, at name: LockName) throws(LockError) -> Bool {
        guard !batch.arrivals.isEmpty else { return true }
        switch try enter(batch.arrivals, of: name) {
        case .busy: return false
        case .absent: return true
        case .done(let answers):
            for (arrival, answer) in zip(batch.arrivals, answers) { arrival.finish(answer) }
            batch.arrivals = []
            return true
        }
    }

    private func depart(_ batch: inout Errands.Batch, at name: LockName) throws(LockError) {
        guard !batch.departures.isEmpty else { return }
        switch try remove(batch.departures, of: name) {
        case .busy: return
        case .done: break
        case .absent:
            for departure in batch.departures {
                registry.endWait(departure.claim.owner, departure.answer == nil ? .expired(Contention()) : .withdrawn)
                departure.answer?.open(.success(.notHeld))
            }
        }
        batch.departures = []
    }

    /// Lets those go that have not got into the file at all.
    private func departBeforeArrival(_ batch: inout Errands.Batch) {
        let leaving = Set(batch.departures.map(\.claim.owner))
        let arriving = Set(batch.arrivals.map(\.request.claim.owner))
        for arrival in batch.arrivals where leaving.contains(arrival.request.claim.owner) {
            arrival.finish(.success(.refused(Contention())))
        }
        for departure in batch.departures where arriving.contains(departure.claim.owner) {
            departure.answer?.open(.success(.notHeld))
        }
        batch.arrivals.removeAll { leaving.contains($0.request.claim.owner) }
        batch.departures.removeAll { arriving.contains($0.claim.owner) }
    }

    private func fail(_ batch: inout Errands.Batch, with error: LockError) {
        for departure in batch.departures {
            if let answer = departure.answer {
                answer.open(.failure(error))
            } else {
                registry.fail(departure.claim.owner, error)
            }
        }
        batch.departures = []
    }

    /// The error when the outcome of a departure is not known.
    func stuck(_ name: LockName) -> LockError {
        .unreachable(
            store: directory.label,
            reason: "the file of \"\(name)\" stays locked; a process seems to be stopped in the middle of changing it"
        )
    }
}
