import DistributedLocks
import Synchronization

/// What a store holds or waits for in its session: who has to be told of its end, and what the session is kept alive for.
final class Holdings: Sendable {
    /// One lock that is held.
    struct Holding: Sendable {
        let ownership: Ownership
        let signal: LossSignal
        /// Fires when one of the nodes is deleted by somebody else.
        let watch: Watch
        /// The timer that makes the store set that watch.
        let firstLook: Timers.Ticket
        /// Removes what is left of it once it is lost.
        let clear: @Sendable (LossReason) -> Void

        /// Tells the holder.
        fileprivate func end(_ reason: LossReason) {
            signal.raise(reason)
            clear(reason)
        }
    }

    private struct State {
        var holdings: [OwnerID: Holding] = [:]
        var owners: [String: OwnerID] = [:]
        /// By the transactions that made their nodes.
        var tokens: [Int64: OwnerID] = [:]
        /// Whose turn it is to be looked at.
        var next = 0
        var isClosed = false
    }

    private let state = Mutex(State())

    /// Makes an empty set.
    init() {}

    /// Adds a lock.
    ///
    /// - Returns: Whether there is anything to hold it for: the store has not been closed.
    func add(_ owner: OwnerID, _ holding: Holding) -> Bool {
        state.withLock { state in
            guard !state.isClosed else { return false }
            state.holdings[owner] = holding
            for path in holding.ownership.paths { state.owners[path] = owner }
            state.tokens[holding.ownership.czxid] = owner
            return true
        }
    }

    subscript(owner: OwnerID) -> Holding? { state.withLock { $0.holdings[owner] } }

    /// What is held by the number that orders all holders.
    func ownership(token: Int64) -> Ownership? {
        state.withLock { state in state.tokens[token].flatMap { state.holdings[$0]?.ownership } }
    }

    /// How many locks are held.
    var count: Int { state.withLock { $0.holdings.count } }

    /// Takes a lock out.
    func remove(_ owner: OwnerID) -> Holding? {
        state.withLock { Self.remove(owner, from: &$0) }
    }

    /// Takes out what depends on a node, and tells its holder why.
    func lost(path: String, _ reason: LossReason) {
        let holding = state.withLock { state in state.owners[path].flatMap { Self.remove($0, from: &state) } }
        holding?.end(reason)
    }

    /// Takes out everything that depends on a session, and tells all holders, in the order in which they came.
    func sessionEnded(_ id: Int64) {
        let lost = state.withLock { state in
            Self.inOrder(state.holdings.filter { $0.value.ownership.sessionID == id }).compactMap {
                Self.remove($0.key, from: &state)
            }
        }
        for holding in lost { holding.end(.sessionEnded) }
    }

    /// Takes out everything, for good, and tells all holders.
    func close() {
        let all = state.withLock { state in
            state.isClosed = true
            defer { (state.holdings, state.owners, state.tokens) = ([:], [:], [:]) }
            return Self.inOrder(state.holdings).map(\.value)
        }
        for holding in all { holding.signal.raise(.closed) }
    }

    /// Some of the nodes that are held, others with each call.
    func sample(_ count: Int) -> [String] {
        state.withLock { state in
            let all = state.holdings.values.count
            guard all > count else { return state.holdings.values.map { $0.ownership.paths[0] } }
            let start = state.next % all
            state.next = start + count
            let paths = state.holdings.values.lazy.map { $0.ownership.paths[0] }
            return Array(paths.dropFirst(start).prefix(count))
        }
    }

    private static func inOrder(_ holdings: [OwnerID: Holding]) -> [(key: OwnerID, value: Holding)] {
        holdings.sorted { $0.value.ownership.czxid < $1.value.ownership.czxid }
    }

    private static func remove(_ owner: OwnerID, from state: inout State) -> Holding? {
        guard let holding = state.holdings.removeValue(forKey: owner) else { return nil }
        for path in holding.ownership.paths { state.owners[path] = nil }
        state.tokens[holding.ownership.czxid] = nil
        return holding
    }
}
