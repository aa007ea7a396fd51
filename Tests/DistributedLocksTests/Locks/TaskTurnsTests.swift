import DistributedLocksTesting
import Foundation
import Testing

@testable import DistributedLocks

/// Loops of uncontended locks, which never have to suspend, leave other tasks their turn.
@Suite struct TaskTurnsTests {
    @Test func `A turn lasts a millisecond; after a pause a new one begins, and nobody yields`() {
        let turns = TaskTurns()
        let times: [(Double, Bool)] = [
            (0, false), (0.5, false), (0.9, false), (1.01, true), (1.2, false), (2.1, true),
            (50, false), (50.9, false), (100, false), (200, false), (200.5, false), (201.5, true), (202, false),
            (209, true),
        ]
        for (milliseconds, isOver) in times {
            #expect(turns.isOver(at: .at(milliseconds / 1_000)) == isOver, "at \(milliseconds) ms")
        }
    }

    @Test func `A task goes on beside as many loops as there are threads`() async throws {
        let service = LockService(MemoryStore(), configuration: .testing())
        let done = Latch<Void>()
        try await withThrowingTaskGroup(of: Int.self) { tasks in
            for number in 0..<ProcessInfo.processInfo.activeProcessorCount {
                let lock = try service.lock("loop-\(number)")
                tasks.addTask {
                    var rounds = 0
                    while done.current == nil, rounds < 20_000 {
                        rounds += 1
                        await (try await lock.acquire()).release()
                    }
                    return rounds
                }
            }
            tasks.addTask {
                await Task.yield()
                done.open(())
                return 0
            }
            for try await rounds in tasks {
                #expect(rounds < 20_000, "the loop ran to its end before the other's turn")
            }
        }
    }
}
