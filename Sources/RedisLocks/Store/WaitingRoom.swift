import DistributedLocks
import Logging
import Synchronization

/// Everyone of this client who waits for a lock: confirms their places to the server, and learns when it is their turn.
final class WaitingRoom: Sendable {
    private struct Entry {
        var line: WaitLine
        var timer: (ticket: Timers.Ticket, due: LeaseClock.Instant)?
        /// Whether the server is being asked at this moment, and whether it has to be asked again afterwards.
        var isBeating = false
        var beatsAgain = false
    }

    private struct State {
        var entries: [LockName: Entry] = [:]
        /// By the keys of the locks.
        var names: [KeyBytes: LockName] = [:]
        var owners: [OwnerID: LockName] = [:]
        /// For whom the server is being asked again at this moment, and whether they have been granted meanwhile.
        var asking: [OwnerID: Bool] = [:]
        /// Whether everybody has been sent home: nobody would wake who comes now.
        var isClosed = false
    }

    private let calls: ScriptCalls
    private let doubts: Doubts
    private let random: RandomSource
    private let timers: Timers
    private let tasks: BackgroundTasks
    private let logger: Logger
    private let state = Mutex(State())
    private static let ownersPerBeat = 100

    /// Makes an empty room.
    init(
        calls: ScriptCalls,
        doubts: Doubts,
        random: RandomSource,
        timers: Timers,
        tasks: BackgroundTasks,
        logger: Logger
    ) {
        self.calls = calls
        self.doubts = doubts
        self.random = random
        self.timers = timers
        self.tasks = tasks
        self.logger = logger
    }

    /// Lets a waiter in whose claim the server has queued, or notes that it has been queued again.
    func admit(_ place: WaitLine.Place, keys: LockKeys, _ obstacle: AcquireAnswer.Obstacle) {
        let name = place.claim.name
        let isUrgent = state.withLock { state -> Bool? in
            guard !state.isClosed else { return nil }
            // Taken out while it is changed: else all of its places would be copied.
            var entry = state.entries.removeValue(forKey: name) ?? Entry(line: WaitLine(keys: keys, random: random))
            entry.line.admit(place, obstacle, at: calls.clock.now)
            state.owners[place.claim.owner] = name
            state.names[keys.lock] = name
            reschedule(name, &entry)
            state.entries[name] = entry
            return entry.line.wantsInvalidation
        }
        guard let isUrgent else { return place.slot.finish(.closed) }
        // The server tells of the end of a lock that somebody has read, so read it.
        if isUrgent { beat(name) }
    }

    /// Takes a waiter out; its task is not told.
    func remove(_ owner: OwnerID) -> WaitLine.Place? {
        state.withLock { remove(owner, &$0) }
    }

    private func remove(_ owner: OwnerID, _ state: inout State) -> WaitLine.Place? {
        guard let name = state.owners.removeValue(forKey: owner), var entry = state.entries.removeValue(forKey: name)
        else { return nil }
        let place = entry.line.remove(owner)
        store(entry, name, &state)
        return place
    }

    /// The server says that a waiter has been granted the lock.
    func granted(_ owner: OwnerID, _ token: FencingToken) {
        let place = state.withLock { state in
            let place = remove(owner, &state)
            if place != nil, state.asking[owner] != nil { state.asking[owner] = true }
            return place
        }
        guard let place else { return }
        place.slot.finish(.granted(token, confirmed: place.confirmed))
    }

    /// The server says that a waiter is the first in the queue now.
    func becameFirst(_ owner: OwnerID) {
        if let name = state.withLock({ $0.owners[owner] }) { beat(name) }
    }

    /// A key has changed that somebody here may wait for.
    func keyChanged(_ key: KeyBytes) {
        if let name = state.withLock({ $0.names[key] }) { beat(name) }
    }

    /// Everything may have changed: the connection is a new one, or the server has been emptied.
    func everythingChanged() {
        for name in state.withLock({ Array($0.entries.keys) }) { beat(name) }
    }

    /// Ends all waits, also those that begin later.
    ///
    /// - Returns: Whose they were.
    func close() -> [LockClaim] {
        let entries = state.withLock { state in
            defer {
                state = State()
                state.isClosed = true
            }
            return Array(state.entries.values)
        }
        let places = entries.flatMap { $0.line.places.values }
        for place in places { place.slot.finish(.closed) }
        return places.map(\.claim)
    }

    /// Tells the server that the waiters of a lock are still there, and asks what has become of them.
    private func beat(_ name: LockName) {
        let line = state.withLock { state -> WaitLine? in
            guard var entry = state.entries[name] else { return nil }
            defer { state.entries[name] = entry }
            guard !entry.isBeating else {
                entry.beatsAgain = true
                return nil
            }
            entry.isBeating = true
            return entry.line
        }
        guard let line else { return }
        tasks.start {
            await self.beat(line)
            let again = self.state.withLock { state in
                guard var entry = state.entries[name] else { return false }
                defer { self.store(entry, name, &state) }
                entry.isBeating = false
                defer { entry.beatsAgain = false }
                // What was found out may be that it would have had to be read in another way.
                return entry.beatsAgain || (entry.line.wantsInvalidation && !line.wantsInvalidation)
            }
            if again { self.beat(name) }
        }
    }

    private func beat(_ line: WaitLine) async {
        // In their order: a server that has forgotten them serves whoever asks first.
        let owners = line.owners
        guard let name = line.places.values.first?.claim.name else { return }
        for start in stride(from: 0, to: owners.count, by: Self.ownersPerBeat) {
            let some = Array(owners[start..<min(start + Self.ownersPerBeat, owners.count)])
            do {
                let (answer, sent) = try await calls.beat(line.keys, some, watching: line.wantsInvalidation)
                let effects =
                    note(name) { $0.beatAnswered(answer, owners: some, sent: sent, at: calls.clock.now) } ?? []
                for effect in effects { await perform(effect, line.keys) }
            } catch {
                logger.debug("Cannot confirm waiters", metadata: ["lock.name": "\(name)", "error": "\(error)"])
                _ = note(name) { $0.beatFailed(at: calls.clock.now) }
                return
            }
        }
    }

    private func perform(_ effect: WaitLine.Effect, _ keys: LockKeys) async {
        switch effect {
        case .granted(let place, let token):
            state.withLock { _ = $0.owners.removeValue(forKey: place.claim.owner) }
            place.slot.finish(.granted(token, confirmed: place.confirmed))
        case .askAgain(let place):
            await askAgain(place, keys)
        }
    }

    /// The server has forgotten a waiter: it lost its data, or had not heard of us for a lease.
    private func askAgain(_ place: WaitLine.Place, _ keys: LockKeys) async {
        let owner = place.claim.owner
        let isWaiting = state.withLock { state in
            guard state.owners[owner] != nil else { return false }
            state.asking[owner] = false
            return true
        }
        guard isWaiting else { return }
        let isSettled = await hasAskedAgain(place, keys)
        // The message of a grant may be here before the task that asked: then the lock is its owner's, and not to be given back.
        let isGranted = state.withLock { $0.asking.removeValue(forKey: owner) } ?? false
        // Else it has been withdrawn meanwhile, perhaps before this request arrived.
        guard !isSettled, !isGranted else { return }
        // Not here: those who still wait have to be heard of meanwhile.
        tasks.start { await self.calls.forget(place.claim, keys, ttl: place.ttl) }
    }

    /// Asks for a waiter that the server has forgotten.
    ///
    /// - Returns: Whether it waits again, or has the lock; `false` if it is not here any more.
    private func hasAskedAgain(_ place: WaitLine.Place, _ keys: LockKeys) async -> Bool {
        let owner = place.claim.owner
        var connection: UInt64?
        do {
            let (answer, sent) = try await calls.acquire(keys, place, wait: true) { connection = $0 }
            switch answer {
            case .granted(let token):
                guard remove(owner) != nil else { return false }
                place.slot.finish(.granted(token, confirmed: sent))
                return true
            case .queued(let obstacle):
                return queuedAgain(place, obstacle, sent: sent)
            case .busy, .withdrawn:
                return true
            }
        } catch {
            logger.debug("Cannot queue again", metadata: ["lock.name": "\(place.claim.name)", "error": "\(error)"])
            if let connection { doubts.note(owner, on: connection, ttl: place.ttl, after: error) }
            return state.withLock { $0.owners[owner] } != nil
        }
    }

    private func queuedAgain(_ place: WaitLine.Place, _ obstacle: AcquireAnswer.Obstacle, sent: LeaseClock.Instant)
        -> Bool
    {
        var place = place
        place.confirmed = sent
        place.ahead = obstacle.ahead
        place.contention = obstacle.contention
        place.asked = obstacle.asked
        return state.withLock { state in
            let name = place.claim.name
            guard state.owners[place.claim.owner] != nil, var entry = state.entries.removeValue(forKey: name)
            else { return false }
            entry.line.admit(place, obstacle, at: calls.clock.now)
            store(entry, name, &state)
            return true
        }
    }

    private func note<Result>(_ name: LockName, _ change: (inout WaitLine) -> Result) -> Result? {
        state.withLock { state in
            guard var entry = state.entries.removeValue(forKey: name) else { return nil }
            let result = change(&entry.line)
            store(entry, name, &state)
            return result
        }
    }

    private func store(_ entry: Entry, _ name: LockName, _ state: inout State) {
        var entry = entry
        if entry.line.isEmpty {
            if let timer = entry.timer { timers.cancel(timer.ticket) }
            state.entries[name] = nil
            state.names[entry.line.keys.lock] = nil
        } else {
            reschedule(name, &entry)
            state.entries[name] = entry
        }
    }

    private func reschedule(_ name: LockName, _ entry: inout Entry) {
        guard let due = entry.line.nextBeat else { return }
        if let timer = entry.timer {
            guard due < timer.due else { return }
            timers.cancel(timer.ticket)
        }
        let ticket = timers.schedule(at: due) { [weak self] in self?.timerFired(name) }
        entry.timer = (ticket, due)
    }

    private func timerFired(_ name: LockName) {
        let now = calls.clock.now
        let isDue = state.withLock { state in
            guard var entry = state.entries[name] else { return false }
            entry.timer = nil
            let isDue = entry.line.nextBeat.map { $0 <= now } ?? false
            // While the server is being asked, its answer sets the next timer.
            if !isDue { reschedule(name, &entry) }
            state.entries[name] = entry
            return isDue
        }
        if isDue { beat(name) }
    }
}
