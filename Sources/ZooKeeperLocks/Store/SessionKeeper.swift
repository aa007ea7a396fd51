import DistributedLocks
import Synchronization

/// Proves again and again that the session lives, as long as anybody relies on it: with one transaction for all locks, which
/// changes nothing and goes through the leader.
final class SessionKeeper: Sendable {
    private struct State {
        var waiting = 0
        var timer: Timers.Ticket?
        var isAsking = false
        /// Whether there has been another connection since the question was sent.
        var mustAskAgain = false
    }

    private let client: ZooKeeperClient
    private let holdings: Holdings
    private let timers: Timers
    private let tasks: BackgroundTasks
    private let state = Mutex(State())

    /// How many nodes are looked at with one transaction.
    private static let sample = 64

    /// Makes a keeper that rests.
    init(
        client: ZooKeeperClient,
        holdings: Holdings,
        timers: Timers,
        tasks: BackgroundTasks
    ) {
        self.client = client
        self.holdings = holdings
        self.timers = timers
        self.tasks = tasks
    }

    /// Somebody wants a lock, and relies on the session from now on.
    func enter() {
        state.withLock { state in
            state.waiting += 1
            if state.timer == nil { schedule(&state) }
        }
    }

    /// Whoever wanted a lock has got it, or does not want it any more.
    func leave() {
        state.withLock { $0.waiting -= 1 }
    }

    private var interval: Duration { client.view.times.proofInterval }

    private func schedule(_ state: inout State) {
        // The timer goes on for a while when nobody is left, since somebody else often comes.
        state.timer = timers.schedule(at: client.clock.now.advanced(by: interval)) { [weak self] in self?.tick() }
    }

    /// Somebody relies on a proof that is about to run out.
    func hurry() {
        start { _ in true }
    }

    /// There is a connection again: the handshake alone proves nothing.
    func attached() {
        start { state in
            guard holdings.count > 0 else { return false }
            state.mustAskAgain = state.isAsking
            return true
        }
    }

    private func tick() {
        let view = client.view
        let isFresh = view.lastConfirmed.map { client.clock.now < $0.advanced(by: interval / 2) } ?? true
        start { state in
            state.timer = nil
            guard state.waiting > 0 || holdings.count > 0 else { return false }
            schedule(&state)
            return !isFresh
        }
    }

    /// Asks for a proof, unless that is under way already.
    private func start(if isDue: (inout State) -> Bool) {
        let mayAsk = client.view.isAttached
        let isNeeded = state.withLock { state in
            guard isDue(&state), mayAsk, !state.isAsking else { return false }
            state.isAsking = true
            return true
        }
        guard isNeeded else { return }
        tasks.start { [weak self] in
            await self?.ask()
            self?.asked()
        }
    }

    private func asked() {
        let mustAskAgain = state.withLock { state in
            state.isAsking = false
            defer { state.mustAskAgain = false }
            return state.mustAskAgain
        }
        if mustAskAgain { hurry() }
    }

    private func ask() async {
        let paths = holdings.sample(Self.sample)
        // Somebody waits: any node will do, since only the session is in question.
        let operations = paths.isEmpty ? [.check(path: "/")] : paths.map { MultiOperation.check(path: $0) }
        let deadline = client.clock.now.advanced(by: client.view.times.patience)
        let reply = try? await client.send(.multi(operations), until: deadline)
        guard case .results(let results) = reply else { return }
        for (path, result) in zip(paths, results) {
            if case .failed(.noNode) = result { holdings.lost(path: path, .removed) }
        }
    }
}
