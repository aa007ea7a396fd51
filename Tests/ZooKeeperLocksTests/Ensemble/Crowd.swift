import DistributedLocks
import TestSupport
import Testing

/// Clients that contend for the lock of a scene, whatever happens to the servers.
final class Crowd: Sendable {
    private struct State {
        var turns: [Int]
        var isOver = false
        /// What must not happen to them, whatever happens to the servers.
        var surprises: [String] = []
        var losses = 0
    }

    private let scene: EnsembleScene
    private let state: Shared<State>

    private init(_ count: Int, _ scene: EnsembleScene) {
        self.scene = scene
        state = Shared(State(turns: Array(repeating: 0, count: count)))
    }

    /// Lets clients contend as long as a body runs.
    ///
    /// - Parameters:
    ///   - services: The clients.
    ///   - scene: What is locked.
    ///   - body: Gets the crowd.
    /// - Throws: What the body throws.
    static func with(
        _ services: [LockService],
        _ scene: EnsembleScene,
        _ body: (Crowd) async throws -> Void
    ) async throws {
        let crowd = Crowd(services.count, scene)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (number, service) in services.enumerated() {
                group.addTask { try await crowd.contend(service, number) }
            }
            defer { crowd.state.withLock { $0.isOver = true } }
            try await crowd.everybodyHasTurns()
            try await body(crowd)
            try await crowd.everybodyHasTurns()
        }
        let (surprises, losses, turns) = crowd.state.withLock { ($0.surprises, $0.losses, $0.turns) }
        print("a crowd had the lock \(turns) times, and lost it \(losses) times")
        #expect(surprises == [])
    }

    /// Waits until each of them has had the lock a few times from now on.
    func everybodyHasTurns() async throws {
        let before = state.withLock { $0.turns }
        try await waitUntil(
            "turns for all",
            within: .seconds(60),
            details: { "\(before), \(self.state.withLock { $0.turns })" }
        ) {
            zip(before, state.withLock { $0.turns }).allSatisfy { $0 + 3 <= $1 }
        }
    }

    private func contend(_ service: LockService, _ number: Int) async throws {
        let lock = try service.lock(EnsembleScene.name)
        while !state.withLock({ $0.isOver }) {
            do {
                try await lock.withLock(timeout: .seconds(30)) { lease in
                    try await self.scene.log.hold(as: "crowd-\(number)", token: lease.number)
                }
                state.withLock { $0.turns[number] += 1 }
            } catch let error as LockError {
                note(error)
                try await Task.sleep(for: .milliseconds(20))
            }
            try await Task.sleep(for: .milliseconds(Double.random(in: 0...5)))
        }
    }

    private func note(_ error: LockError) {
        state.withLock { state in
            switch error {
            case .unreachable, .timedOut: break
            case .lost: state.losses += 1
            default: state.surprises.append("\(error)")
            }
        }
    }
}
