import DistributedLocks
import TestSupport
import Testing

@testable import RedisLocks

@Suite("Closing while somebody asks for a lock")
struct ClosingTests {
    /// Nobody would ever wake a waiter who gets a place after all others have been sent home.
    @Test("a request that is queued meanwhile ends as well")
    func queuedMeanwhile() async throws {
        try await FaultScene.with { scene in
            let obstacle = try await scene.otherLock.acquire()
            let held = try await scene.service.lock("held").acquire()
            // The answer to the request comes after the waits have been ended, and before the connection is.
            let acquire = scene.proxy.when(.holdRequest) { $0.runs(.acquire) }
            let task = Task { try await scene.store.acquire(FaultScene.request(.unlimited)) }
            try await acquire.happened()
            let closing = Task { await scene.store.close() }
            try await waitUntil("the loss") { held.state.lossReason == .closed }
            acquire.letGo()
            let ended = Shared(false)
            let watcher = Task {
                _ = await task.result
                ended.withLock { $0 = true }
            }
            await closing.value
            try await waitUntil("the end of the wait", within: .seconds(5)) { ended.withLock { $0 } }
            task.cancel()
            await watcher.value
            await #expect(throws: LockError.self) { try await task.value }
            await obstacle.release()
        }
    }

    @Test("a room that is closed lets nobody in")
    func closedRoom() async throws {
        let store = try RedisStore("redis://127.0.0.1:1")
        let place = try WaitLineTests.place(1)
        await store.close()
        store.room.admit(place, keys: try LockKeys(LockName("a"), prefix: ""), try WaitLineTests.obstacle())
        // The first outcome counts.
        place.slot.finish(.outOfTime)
        guard case .closed = try await place.slot.outcome() else {
            Issue.record("it waits, or has something else")
            return
        }
    }
}
