import DistributedLocks
import Synchronization

/// Sees to it that nobody is in while somebody else is, and that tokens increase.
final class Referee: Sendable {
    private struct Game {
        var lease: Lease?
        var last = FencingToken(rawValue: 0)
    }

    private struct State {
        var games: [String: Game] = [:]
        var fouls: [String] = []
        var count = 0
    }

    private let state = Mutex(State())

    /// What went wrong.
    var fouls: [String] { state.withLock { $0.fouls } }

    /// How often somebody has been in.
    var count: Int { state.withLock { $0.count } }

    /// The largest token of a name.
    func last(_ name: String) -> FencingToken? { state.withLock { $0.games[name]?.last } }

    /// Somebody has the lock. Whoever had it before must have left, or must know by now that it is lost.
    func enter(_ name: String, _ lease: Lease) {
        state.withLock { state in
            if case .lost = lease.state { return }
            var game = state.games[name] ?? Game()
            let token = lease.fencingToken
            if let other = game.lease, other.state.lossReason == nil {
                state.fouls.append("two are in \(name), with tokens \(other.fencingToken) and \(token)")
            }
            if token <= game.last { state.fouls.append("token \(token) of \(name) after \(game.last)") }
            state.count += 1
            game.lease = lease
            game.last = max(game.last, token)
            state.games[name] = game
        }
    }

    /// Somebody is about to give the lock back.
    func leave(_ name: String, _ lease: Lease) {
        state.withLock { state in
            if state.games[name]?.lease === lease { state.games[name]?.lease = nil }
        }
    }

    /// Notes something else that must not happen.
    func foul(_ text: String) {
        state.withLock { $0.fouls.append(text) }
    }
}
