import DistributedLocks
import Synchronization

/// Sees to it that nobody holds a lock while somebody else does, and that tokens grow.
final class Umpire: Sendable {
    private struct State {
        var holder: Lease?
        var last = FencingToken(rawValue: 0)
        var count = 0
        var fouls: [String] = []
    }

    private let state = Mutex(State())

    /// What went wrong.
    var fouls: [String] { state.withLock { $0.fouls } }

    /// How often somebody has held it.
    var count: Int { state.withLock { $0.count } }

    /// The largest token.
    var last: FencingToken { state.withLock { $0.last } }

    /// Somebody has the lock. Whoever had it before must have left, or must know by now that it is lost.
    func enter(_ lease: Lease) {
        state.withLock { state in
            guard lease.loss == nil else { return }
            let token = lease.fencingToken
            if let other = state.holder, other.loss == nil {
                state.fouls.append("two hold it, with tokens \(other.fencingToken) and \(token)")
            }
            if token <= state.last { state.fouls.append("token \(token) after \(state.last)") }
            state.count += 1
            state.holder = lease
            state.last = max(state.last, token)
        }
    }

    /// Somebody is about to give it back.
    func leave(_ lease: Lease) {
        state.withLock { state in
            if state.holder === lease { state.holder = nil }
        }
    }
}
