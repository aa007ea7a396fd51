import DistributedLocks
import Synchronization
import TestSupport
import Testing

/// Those who wait for one lock, and give it back as soon as they have had it: who had it when, and that nobody else had.
final class ServingLine: Sendable {
    /// Somebody who has had the lock.
    struct Turn: Sendable {
        /// Who it was, by the number given in ``join(_:_:ttl:)``, or by its place in the queue.
        let number: Int
        let token: FencingToken
    }

    private struct State {
        var turns: [Turn] = []
        var tasks: [Task<Void, any Error>] = []
        var queued = 0
        var inside = 0
        var collisions = 0
    }

    let name: String
    private let pause: (@Sendable (Int) async throws -> Void)?
    private let state = Mutex(State())

    /// Makes a line of nobody.
    ///
    /// - Parameters:
    ///   - name: What they wait for.
    ///   - pause: What each of them does while it has the lock; the first one is 1.
    init(_ name: String, pause: (@Sendable (Int) async throws -> Void)? = nil) {
        self.name = name
        self.pause = pause
    }

    /// Somebody comes; waits until the server has queued it.
    func join(_ party: Party, _ number: Int, ttl: Duration) async throws {
        let queued = start(party, ttl: ttl) { _ in number }
        try await waitUntil("place \(number) in the queue") { queued.withLock { $0 != nil } }
    }

    /// Many come at once; waits until all are queued. Their numbers are their places.
    func rush(_ parties: [Party], each count: Int, ttl: Duration) async throws {
        let all = parties.flatMap { party in
            (0..<count).map { _ in start(party, ttl: ttl) { $0.ahead ?? -1 } }
        }
        try await waitUntil("all in the queue") { all.allSatisfy { $0.withLock { $0 != nil } } }
    }

    private func start(
        _ party: Party,
        ttl: Duration,
        _ number: @escaping @Sendable (Contention) -> Int
    ) -> Shared<Int?> {
        let queued = Shared<Int?>(nil)
        let task = Task { [self] in
            let lock = try party.locks.lock(name, options: LockOptions(ttl: ttl))
            let lease = try await lock.acquire(timeout: .seconds(60)) { contention in
                let number = number(contention)
                queued.withLock { $0 = number }
            }
            let turn = entered(queued.withLock { $0 } ?? -1, lease.fencingToken)
            try await pause?(turn)
            state.withLock { $0.inside -= 1 }
            await lease.release()
        }
        state.withLock { $0.tasks.append(task) }
        return queued
    }

    private func entered(_ number: Int, _ token: FencingToken) -> Int {
        state.withLock { state in
            state.inside += 1
            if state.inside > 1 { state.collisions += 1 }
            state.turns.append(Turn(number: number, token: token))
            return state.turns.count
        }
    }

    /// How many have had the lock.
    var count: Int { state.withLock { $0.turns.count } }

    /// Waits until all have had the lock, and given it back.
    ///
    /// - Returns: Who it was, in the order of the tokens, which must be that of time.
    func finish(sourceLocation: SourceLocation = #_sourceLocation) async throws -> [Turn] {
        for task in state.withLock({ $0.tasks }) { try await task.value }
        let (turns, collisions) = state.withLock { ($0.turns, $0.collisions) }
        #expect(collisions == 0, "two had the lock at the same time", sourceLocation: sourceLocation)
        let ordered = turns.sorted { $0.token < $1.token }
        #expect(turns.map(\.token) == ordered.map(\.token), "tokens in order", sourceLocation: sourceLocation)
        #expect(Set(turns.map(\.token)).count == turns.count, "tokens differ", sourceLocation: sourceLocation)
        return ordered
    }
}
