import Synchronization

/// A claim that this process holds.
struct HeldClaim: Sendable {
    let claim: LockClaim
    let token: FencingToken
    let signal: LossSignal
    /// The file that says so.
    let file: FileIdentity

    var grant: Grant { Grant(claim: claim, token: token, validity: .unlimited, lossSignal: signal) }
}

/// What one session holds, waits for and watches, kept in step with the lock files: it is changed inside their critical
/// sections, or by the messages that follow these.
final class SessionRegistry: Sendable {
    struct Wait {
        let claim: LockClaim
        /// Where its tasks wait.
        var slots: [WaitSlot<WaitOutcome>]
        let file: FileIdentity
        /// What was the last token when the wait began: a grant with a lower one is meant for an earlier wait.
        let lastToken: FencingToken
        var place: QueuePlace
        /// The sessions that are watched for its sake.
        var watching: [SessionID] = []
        /// Whether its task was cancelled, so that it must not be granted; it is taken out of its file by a release.
        var isAbandoned = false
    }

    fileprivate struct Hold {
        let held: HeldClaim
        var place: QueuePlace
    }

    struct State {
        var isClosed = false
        var waits: [OwnerID: Wait] = [:]
        fileprivate var holds: [OwnerID: Hold] = [:]
        var uses = NameUses()
        /// For how many waits on which names a session is watched.
        var watchers: [SessionID: [LockName: Int]] = [:]
        /// Sessions that are watched for one more name than before.
        var newlyWatched: Set<SessionID> = []
        /// Names whose files must be looked at.
        var dirty: Set<LockName> = []
        /// Waiters that stand behind somebody else than before.
        var moved: Set<OwnerID> = []
    }

    let state = Mutex(State())
    private let label: String

    init(label: String) {
        self.label = label
    }
}

// MARK: - Claims

extension SessionRegistry {
    /// What is known of a claim before its file is looked at.
    enum Known {
        case held(HeldClaim)
        case waiting(WaitSlot<WaitOutcome>)
        case unknown
    }

    /// What is known of `owner`; a wait that was abandoned is taken up again.
    func known(_ owner: OwnerID) -> Known {
        state.withLock { state in
            if let hold = state.holds[owner] { return .held(hold.held) }
            guard let wait = state.waits[owner] else { return .unknown }
            if wait.isAbandoned {
                state.waits[owner]?.isAbandoned = false
                state.waits[owner]?.slots = [WaitSlot()]
                state.moved.insert(owner)
            }
            return (state.waits[owner]?.slots.first).map { .waiting($0) } ?? .unknown
        }
    }

    /// Enters a claim that the file grants at once.
    ///
    /// - Throws: ``LockError/closed(store:)``.
    func hold(_ claim: LockClaim, token: FencingToken, at place: QueuePlace, file: FileIdentity) throws(LockError)
        -> HeldClaim
    {
        try state.withLock { state throws(LockError) in
            guard !state.isClosed else { throw LockError.closed(store: label) }
            let held = HeldClaim(claim: claim, token: token, signal: LossSignal(), file: file)
            state.holds[claim.owner] = Hold(held: held, place: place)
            state.uses.add(claim)
            return held
        }
    }

    /// Enters a claim that is queued, and whose tasks wait in `slot`.
    ///
    /// - Throws: ``LockError/closed(store:)``.
    func wait(
        for claim: LockClaim,
        in slot: WaitSlot<WaitOutcome>,
        after lastToken: FencingToken,
        at place: QueuePlace,
        file: FileIdentity
    ) throws(LockError) {
        try state.withLock { state throws(LockError) in
            guard !state.isClosed else { throw LockError.closed(store: label) }
            state.waits[claim.owner] = Wait(claim: claim, slots: [slot], file: file, lastToken: lastToken, place: place)
            state.uses.add(claim)
        }
    }

    /// Has `slot` learn the outcome of a wait as well.
    func join(_ owner: OwnerID, _ slot: WaitSlot<WaitOutcome>) {
        state.withLock { $0.waits[owner]?.slots.append(slot) }
    }

    /// Whether `owner` may be granted.
    func isWaiting(_ owner: OwnerID) -> Bool {
        state.withLock { state in state.waits[owner].map { !$0.isAbandoned } ?? false }
    }

    /// Turns a wait into a held claim. Does nothing if nobody waits (any more), or the token is from an earlier wait.
    func grant(_ owner: OwnerID, _ token: FencingToken) {
        let granted = state.withLock { state in Self.grant(owner, token, &state) }
        if let (slots, held) = granted { slots.finish(.granted(held)) }
    }

    /// Where the tasks wait of a claim that is held now.
    private typealias Granted = ([WaitSlot<WaitOutcome>], HeldClaim)

    /// Ends a held claim, or one whose grant has not got through yet.
    func lose(_ owner: OwnerID, _ token: FencingToken, _ reason: LossReason) {
        let (granted, lost) = state.withLock { state -> (Granted?, HeldClaim?) in
            let granted = Self.grant(owner, token, &state)
            guard let held = state.holds[owner]?.held, held.token == token else { return (granted, nil) }
            state.holds[owner] = nil
            state.uses.remove(held.claim)
            return (granted, held)
        }
        lost?.signal.raise(reason)
        if let (slots, held) = granted { slots.finish(.granted(held)) }
    }

    private static func grant(_ owner: OwnerID, _ token: FencingToken, _ state: inout State) -> Granted? {
        guard let wait = state.waits[owner], !wait.isAbandoned, token > wait.lastToken else { return nil }
        state.removeWait(owner)
        let held = HeldClaim(claim: wait.claim, token: token, signal: LossSignal(), file: wait.file)
        state.holds[owner] = Hold(held: held, place: wait.place)
        state.uses.add(wait.claim)
        return (wait.slots, held)
    }

    /// Ends a wait; nothing of it is left in the file.
    func endWait(_ owner: OwnerID, _ outcome: WaitOutcome) {
        state.withLock { $0.removeWait(owner)?.slots }?.finish(outcome)
    }

    /// Ends a wait whose entry may still be in the file, until a release takes it out.
    func fail(_ owner: OwnerID, _ error: LockError) {
        let slots = state.withLock { state in
            state.waits[owner]?.isAbandoned = true
            return state.waits[owner]?.slots
        }
        slots?.finish(.failed(error))
    }

    /// Removes a claim that has been taken out of the file.
    func forget(_ owner: OwnerID) {
        let slots = state.withLock { state in
            if let hold = state.holds.removeValue(forKey: owner) { state.uses.remove(hold.held.claim) }
            return state.removeWait(owner)?.slots
        }
        slots?.finish(.withdrawn)
    }

    /// Keeps a wait from being granted after its task was cancelled, unless other tasks wait for the same claim.
    func abandon(_ owner: OwnerID) {
        state.withLock { state in
            if let wait = state.waits[owner], wait.slots.allSatisfy(\.isDeserted) {
                state.waits[owner]?.isAbandoned = true
            }
        }
    }

    /// What is held or waited for under `name`.
    func claims(on name: LockName) -> (held: [HeldClaim], waiting: [OwnerID]) {
        state.withLock { state in
            let owners = state.uses.owners(of: name)
            return (owners.compactMap { state.holds[$0]?.held }, owners.filter { state.waits[$0] != nil })
        }
    }

    /// Where `owner` stands in its queue.
    func place(of owner: OwnerID) -> QueuePlace? {
        state.withLock { $0.holds[owner]?.place ?? $0.waits[owner]?.place }
    }

    /// Remembers where `owner` stands, if it is one of ours.
    func move(_ owner: OwnerID, to place: QueuePlace) {
        state.withLock { state in
            if state.holds[owner] != nil { state.holds[owner]?.place = place }
            if state.waits[owner] != nil { state.waits[owner]?.place = place }
        }
    }

    /// The name that `owner` waits for, or holds.
    func name(of owner: OwnerID) -> LockName? {
        state.withLock { ($0.waits[owner]?.claim ?? $0.holds[owner]?.held.claim)?.name }
    }

    /// What `owner` holds.
    func held(by owner: OwnerID) -> HeldClaim? { state.withLock { $0.holds[owner]?.held } }

    /// Whether this session holds `name` or waits for it.
    func uses(_ name: LockName) -> Bool { state.withLock { $0.uses.contains(name) } }

    /// Whether it takes no more claims.
    var isClosed: Bool { state.withLock { $0.isClosed } }

    /// All names that are held or waited for.
    var names: [LockName] { state.withLock { $0.uses.all } }

    /// Looks which files are to be watched; see ``NameUses/age()``.
    func ageNames() -> (started: Set<LockName>, ended: Set<LockName>) { state.withLock { $0.uses.age() } }

    /// Whether ``ageNames()`` has nothing to say until something else is held or waited for.
    var namesAreSettled: Bool { state.withLock { $0.uses.isSettled } }

    /// Whether nothing is held or waited for.
    var isEmpty: Bool { state.withLock { $0.holds.isEmpty && $0.waits.isEmpty } }

    /// Takes no more claims, and ends all there are, those that wait first.
    ///
    /// - Returns: The names they were for.
    func end(waits outcome: WaitOutcome, holds reason: LossReason) -> [LockName] {
        let (waits, holds, names) = state.withLock { state in
            state.isClosed = true
            defer {
                state.waits = [:]
                state.holds = [:]
                state.uses = NameUses()
                state.watchers = [:]
            }
            return (Array(state.waits.values), Array(state.holds.values), state.uses.all)
        }
        for wait in waits { wait.slots.finish(outcome) }
        for hold in holds { hold.held.signal.raise(reason) }
        return names
    }
}

extension [WaitSlot<WaitOutcome>] {
    /// Makes the outcome known in all of them.
    func finish(_ outcome: WaitOutcome) {
        for slot in self { slot.finish(outcome) }
    }
}

extension SessionRegistry.State {
    /// Removes a wait, and what is watched for its sake.
    @discardableResult
    fileprivate mutating func removeWait(_ owner: OwnerID) -> SessionRegistry.Wait? {
        guard let wait = waits.removeValue(forKey: owner) else { return nil }
        uses.remove(wait.claim)
        moved.remove(owner)
        for session in wait.watching { unwatch(session, for: wait.claim.name) }
        return wait
    }

    fileprivate mutating func unwatch(_ session: SessionID, for name: LockName) {
        guard let count = watchers[session]?[name] else { return }
        watchers[session]?[name] = count > 1 ? count - 1 : nil
        if watchers[session]?.isEmpty == true { watchers[session] = nil }
    }
}

// MARK: - Watches

extension SessionRegistry {
    /// Sets which sessions are watched for the sake of the waiter `owner`.
    ///
    /// - Returns: Whether there is one among them that was not watched for its name before.
    @discardableResult
    func watch(_ sessions: [SessionID], for owner: OwnerID) -> Bool {
        state.withLock { state in
            guard let wait = state.waits[owner], wait.watching != sessions else { return false }
            let name = wait.claim.name
            var isNews = false
            for session in sessions {
                let count = state.watchers[session]?[name] ?? 0
                if count == 0 {
                    state.newlyWatched.insert(session)
                    isNews = true
                }
                state.watchers[session, default: [:]][name] = count + 1
            }
            for session in wait.watching { state.unwatch(session, for: name) }
            state.waits[owner]?.watching = sessions
            return isNews
        }
    }

    /// The sessions that are watched for the sake of `name`.
    func watched(for name: LockName) -> Set<SessionID> {
        state.withLock { state in Set(state.watchers.filter { $0.value[name] != nil }.keys) }
    }

    /// All sessions that are to be watched.
    var watched: Set<SessionID> { state.withLock { Set($0.watchers.keys) } }

    /// The sessions that are watched for one more name than when this was last asked.
    func takeNewlyWatched() -> Set<SessionID> {
        state.withLock { state in
            defer { state.newlyWatched = [] }
            return state.newlyWatched
        }
    }

    /// Has the files of all names for whose sake `session` is watched looked at.
    func suspect(_ session: SessionID) {
        state.withLock { state in state.dirty.formUnion(state.watchers[session].map { Array($0.keys) } ?? []) }
    }

    /// Has the files of `names` looked at.
    func suspect(_ names: some Sequence<LockName>) {
        state.withLock { $0.dirty.formUnion(names) }
    }

    /// Has the place of the waiter `owner` looked at.
    func suspect(place owner: OwnerID) {
        state.withLock { state in
            if state.waits[owner] != nil { state.moved.insert(owner) }
        }
    }

    /// The names whose files, and the waiters whose places, are to be looked at; they are forgotten here.
    func takeDirty() -> (names: Set<LockName>, owners: Set<OwnerID>) {
        state.withLock { state in
            defer { (state.dirty, state.moved) = ([], []) }
            return (state.dirty, state.moved)
        }
    }
}
