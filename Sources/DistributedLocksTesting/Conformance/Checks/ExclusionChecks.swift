import DistributedLocks
import Synchronization

extension StoreConformance {
    static let exclusion = [
        ConformanceCheck(
            "exclusion.refusesOthers",
            "a held exclusive lock is refused to everybody else",
            if: .mode(.exclusive)
        ) { scene in
            let held = scene.claim()
            try await scene.take(held)
            for client in scene.clients.indices {
                try await scene.expectRefused(scene.claim(), on: client, "a held exclusive lock is refused")
            }
            let waiter = try await scene.queue(scene.claim(), on: 1)
            try await scene.observe()
            try scene.expectWaiting(waiter, promise: "a held exclusive lock is not granted again")
            try await scene.release(held)
            _ = try await scene.granted(waiter, "a released lock goes to who waits for it")
        },
        ConformanceCheck(
            "exclusion.manyTasks",
            "of many tasks of several clients, one holds an exclusive lock at a time",
            if: .mode(.exclusive)
        ) { scene in
            let highest = try await crowd(scene, mode: .exclusive)
            try scene.expect(highest == 1, "one holder at a time", seen: "\(highest) at the same time")
            try await scene.expectIdle("nothing is left when all have released")
        },
    ]

    /// Several tasks for each client take and release a name in turn.
    ///
    /// - Returns: How many of them held it at the same time at the most.
    static func crowd(_ scene: Scene, mode: LockMode) async throws -> Int {
        let gauge = Gauge()
        scene.journal.step = "everybody who waits gets their turn"
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<(2 * scene.clients.count) {
                group.addTask {
                    for _ in 0..<max(1, scene.fixture.rounds / 5) {
                        let attempt = scene.begin(scene.claim(mode), on: number)
                        _ = try await scene.granted(attempt, "everybody who waits gets their turn")
                        gauge.enter()
                        for _ in 0..<3 { await Task.yield() }
                        gauge.leave()
                        try await scene.release(attempt.claim, on: number)
                    }
                }
            }
            try await group.waitForAll()
        }
        return gauge.highest
    }
}

/// Counts who is inside.
final class Gauge: Sendable {
    private let counts = Mutex((now: 0, highest: 0))

    /// How many were inside at the same time at the most.
    var highest: Int { counts.withLock { $0.highest } }

    func enter() {
        counts.withLock { counts in
            counts.now += 1
            counts.highest = max(counts.highest, counts.now)
        }
    }

    func leave() {
        counts.withLock { $0.now -= 1 }
    }
}
