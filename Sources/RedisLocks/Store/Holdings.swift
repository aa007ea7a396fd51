import DistributedLocks
import Synchronization

/// What this client holds, and how it learns that somebody else has ended it.
///
/// Locks that are held for longer than a moment are read once, after which the server tells of their next change; so are all of
/// them whenever the connection is a new one. A loss that this does not show is noticed by the next renewal.
final class Holdings: Sendable {
    private struct Holding {
        let keys: LockKeys
        let signal: LossSignal
        /// Whether the server tells of changes.
        var isWatched = false
    }

    private struct State {
        var holdings: [OwnerID: Holding] = [:]
        /// By their keys, those that are watched.
        var watched: [KeyBytes: OwnerID] = [:]
        /// Those that may have to be watched soon: first those of the last sweep, then the later ones.
        var fresh: [OwnerID] = []
        var isSweeping = false
    }

    private let calls: ScriptCalls
    private let timers: Timers
    private let tasks: BackgroundTasks
    private let state = Mutex(State())
    /// Whether the server tells of changes at all.
    let tracks = Atomic<Bool>(false)
    private static let moment = Duration.milliseconds(100)
    private static let batch = 100

    /// Makes an empty set.
    init(calls: ScriptCalls, timers: Timers, tasks: BackgroundTasks) {
        self.calls = calls
        self.timers = timers
        self.tasks = tasks
    }

    /// Adds a claim that has been granted.
    ///
    /// - Returns: The signal of its loss.
    func add(_ owner: OwnerID, _ keys: LockKeys) -> LossSignal {
        let signal = LossSignal()
        let startsSweeping = state.withLock { state in
            state.holdings[owner] = Holding(keys: keys, signal: signal)
            state.fresh.append(owner)
            defer { state.isSweeping = true }
            return !state.isSweeping
        }
        if startsSweeping { scheduleSweep() }
        return signal
    }

    /// Takes a claim out that is being given back.
    func remove(_ owner: OwnerID) {
        state.withLock { state in
            guard let holding = state.holdings.removeValue(forKey: owner) else { return }
            guard holding.isWatched else { return }
            let key = holding.keys.lock
            // The name may be held anew by somebody else here, before this one is given back.
            if state.watched[key] == owner { state.watched[key] = nil }
        }
    }

    /// Reports that a claim has been ended by somebody else.
    func lose(_ owner: OwnerID, _ reason: LossReason) {
        let signal = state.withLock { $0.holdings[owner]?.signal }
        remove(owner)
        signal?.raise(reason)
    }

    /// A key has changed that may be one of ours.
    func keyChanged(_ key: KeyBytes) {
        guard let owner = state.withLock({ $0.watched[key] }) else { return }
        tasks.start { await self.verify([owner]) }
    }

    /// Everything may have changed.
    func everythingChanged() {
        let owners = state.withLock { Array($0.holdings.keys) }
        guard !owners.isEmpty else { return }
        tasks.start { await self.verify(owners) }
    }

    /// Forgets everything.
    ///
    /// - Returns: What was held.
    func close() -> [(owner: OwnerID, keys: LockKeys, signal: LossSignal)] {
        state.withLock { state in
            defer { state = State() }
            return state.holdings.map { ($0.key, $0.value.keys, $0.value.signal) }
        }
    }

    private func scheduleSweep() {
        timers.schedule(at: calls.clock.now.advanced(by: Self.moment)) { [weak self] in self?.sweep() }
    }

    /// Begins to watch what has been held for a moment.
    private func sweep() {
        let owners = state.withLock { state in
            defer {
                state.fresh = []
                state.isSweeping = false
            }
            return state.fresh.filter { state.holdings[$0] != nil }
        }
        guard !owners.isEmpty, tracks.load(ordering: .relaxed) else { return }
        tasks.start { await self.verify(owners) }
    }

    /// Reads the locks, which makes the server tell of their next change, and reports those that are not ours any more.
    private func verify(_ owners: [OwnerID]) async {
        for start in stride(from: 0, to: owners.count, by: Self.batch) {
            let some = state.withLock { state in
                owners[start..<min(start + Self.batch, owners.count)].compactMap { owner -> (OwnerID, LockKeys)? in
                    guard let keys = state.holdings[owner]?.keys else { return nil }
                    state.holdings[owner]?.isWatched = true
                    state.watched[keys.lock] = owner
                    return (owner, keys)
                }
            }
            // What cannot be read now is found out by the next renewal, or by its deadline.
            guard !some.isEmpty, let values = try? await calls.watch(some.map(\.1)) else { continue }
            for ((owner, _), value) in zip(some, values) where !(value ?? "").hasPrefix("\(owner)") {
                lose(owner, .removed)
            }
        }
    }
}
