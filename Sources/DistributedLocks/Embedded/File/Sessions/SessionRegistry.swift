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
    private struct Wait {
        let claim: LockClaim
        let slot: WaitSlot<WaitOutcome>
        let file: FileIdentity
        /// What was the last token when the wait began: a grant with a lower one is meant for an earlier wait.
        let lastToken: FencingToken
    }

    private struct State {
        var isClosed = false
        var waits: [OwnerID: Wait] = [:]
        var holds: [OwnerID: HeldClaim] = [:]
        var watched: [LockName: Set<SessionID>] = [:]
        var watchers: [SessionID: Set<LockName>] = [:]
        /// Sessions that are watched for one more name than before.
        var newlyWatched: Set<SessionID> = []
        /// Names whose files must be looked at.
        var dirty: Set<LockName> = []
    }

    private let state = Mutex(State())
    private let label: String

    init(label: String) {
        self.label = label
    }
}

// MARK: - Claims

extension SessionRegistry {
    /// Enters a claim that the file grants at once.
    ///
    /// - Throws: ``LockError/closed(store:)``.
    func hold(_ claim: LockClaim, token: FencingToken, file: FileIdentity) throws(LockError) -> HeldClaim {
        let (held, slot) = try state.withLock { state throws(LockError) in
            guard !state.isClosed else { throw LockError.closed(store: label) }
            let slot = state.waits.removeValue(forKey: claim.owner)?.slot
            let known = state.holds[claim.owner].flatMap { $0.token == token ? $0 : nil }
            let held = known ?? HeldClaim(claim: claim, token: token, signal: LossSignal(), file: file)
            state.holds[claim.owner] = held
            return (held, slot)
        }
        slot?.finish(.granted(held))
        return held
    }

    /// Enters a claim that is queued.
    ///
    /// - Throws: ``LockError/closed(store:)``.
    func wait(for claim: LockClaim, after lastToken: FencingToken, file: FileIdentity) throws(LockError) -> WaitSlot<
        WaitOutcome
    > {
        try state.withLock { state throws(LockError) in
            guard !state.isClosed else { throw LockError.closed(store: label) }
            if let wait = state.waits[claim.owner] { return wait.slot }
            let slot = WaitSlot<WaitOutcome>()
            state.waits[claim.owner] = Wait(claim: claim, slot: slot, file: file, lastToken: lastToken)
            return slot
        }
    }

    /// Whether `owner` is waiting.
    func isWaiting(_ owner: OwnerID) -> Bool {
        state.withLock { $0.waits[owner] != nil }
    }

    /// Turns a wait into a held claim. Does nothing if nobody waits (any more), or the token is from an earlier wait.
    func grant(_ owner: OwnerID, _ token: FencingToken) {
        let granted = state.withLock { state in Self.grant(owner, token, &state) }
        if let (slot, held) = granted { slot.finish(.granted(held)) }
    }

    /// Ends a held claim, or one whose grant has not got through yet.
    func lose(_ owner: OwnerID, _ token: FencingToken, _ reason: LossReason) {
        let (granted, lost) = state.withLock { state -> ((WaitSlot<WaitOutcome>, HeldClaim)?, HeldClaim?) in
            let granted = Self.grant(owner, token, &state)
            guard state.holds[owner]?.token == token else { return (granted, nil) }
            return (granted, state.holds.removeValue(forKey: owner))
        }
        lost?.signal.raise(reason)
        if let (slot, held) = granted { slot.finish(.granted(held)) }
    }

    private static func grant(_ owner: OwnerID, _ token: FencingToken, _ state: inout State) -> (
        WaitSlot<WaitOutcome>, HeldClaim
    )? {
        guard let wait = state.waits[owner], token > wait.lastToken else { return nil }
        state.waits[owner] = nil
        let held = HeldClaim(claim: wait.claim, token: token, signal: LossSignal(), file: wait.file)
        state.holds[owner] = held
        return (wait.slot, held)
    }

    /// Lets a wait begin again, as its entry is gone from the file.
    func restart(_ owner: OwnerID) {
        state.withLock { $0.waits.removeValue(forKey: owner)?.slot }?.finish(.restart)
    }

    /// Removes a claim that has been taken out of the file.
    func forget(_ owner: OwnerID) {
        let slot = state.withLock { state in
            state.holds[owner] = nil
            return state.waits.removeValue(forKey: owner)?.slot
        }
        slot?.finish(.withdrawn)
    }

    /// Removes a wait after its task was cancelled, unless other tasks wait for the same claim.
    func abandon(_ owner: OwnerID) {
        state.withLock { state in
            if let wait = state.waits[owner], wait.slot.isDeserted { state.waits[owner] = nil }
        }
    }

    /// What is held or waited for under `name`.
    func claims(on name: LockName) -> (held: [HeldClaim], waiting: [OwnerID]) {
        state.withLock { state in
            (
                state.holds.values.filter { $0.claim.name == name },
                state.waits.values.filter { $0.claim.name == name }.map(\.claim.owner)
            )
        }
    }

    /// The name that `owner` waits for, or holds.
    func name(of owner: OwnerID) -> LockName? {
        state.withLock { ($0.waits[owner]?.claim ?? $0.holds[owner]?.claim)?.name }
    }

    /// What `owner` holds.
    func held(by owner: OwnerID) -> HeldClaim? { state.withLock { $0.holds[owner] } }

    /// Whether it takes no more claims.
    var isClosed: Bool { state.withLock { $0.isClosed } }

    /// All that is held.
    var held: [HeldClaim] { state.withLock { Array($0.holds.values) } }

    /// All names that are held or waited for.
    var names: Set<LockName> {
        state.withLock { Set($0.holds.values.map(\.claim.name)).union($0.waits.values.map(\.claim.name)) }
    }

    /// The names that are waited for.
    var awaited: Set<LockName> { state.withLock { Set($0.waits.values.map(\.claim.name)) } }

    /// Whether nothing is held or waited for.
    var isEmpty: Bool { state.withLock { $0.holds.isEmpty && $0.waits.isEmpty } }

    /// Takes no more claims, and ends all there are.
    ///
    /// - Returns: The names they were for.
    func end(waits outcome: WaitOutcome, holds reason: LossReason) -> Set<LockName> {
        let (waits, holds) = state.withLock { state in
            state.isClosed = true
            defer {
                state.waits = [:]
                state.holds = [:]
            }
            return (Array(state.waits.values), Array(state.holds.values))
        }
        for hold in holds { hold.signal.raise(reason) }
        for wait in waits { wait.slot.finish(outcome) }
        return Set(holds.map(\.claim.name) + waits.map(\.claim.name))
    }
}

// MARK: - Watches

extension SessionRegistry {
    /// Sets which sessions are watched for the sake of `name`.
    ///
    /// - Returns: Whether there is one among them that was not watched for it before.
    func watch(_ sessions: Set<SessionID>, for name: LockName) -> Bool {
        state.withLock { state in
            let before = state.watched[name] ?? []
            guard before != sessions else { return false }
            state.watched[name] = sessions.isEmpty ? nil : sessions
            for session in before.subtracting(sessions) {
                state.watchers[session]?.remove(name)
                if state.watchers[session]?.isEmpty == true { state.watchers[session] = nil }
            }
            for session in sessions.subtracting(before) {
                state.watchers[session, default: []].insert(name)
                state.newlyWatched.insert(session)
            }
            return !sessions.isSubset(of: before)
        }
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
        state.withLock { $0.dirty.formUnion($0.watchers[session] ?? []) }
    }

    /// Has the files of `names` looked at.
    func suspect(_ names: some Sequence<LockName>) {
        state.withLock { $0.dirty.formUnion(names) }
    }

    /// The names whose files are to be looked at; they are forgotten here.
    func takeDirty() -> Set<LockName> {
        state.withLock { state in
            defer { state.dirty = [] }
            return state.dirty
        }
    }
}
