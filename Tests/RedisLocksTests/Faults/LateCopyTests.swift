import DistributedLocks
import TestSupport
import Testing

@testable import RedisLocks

/// A request that is sent again on another connection can reach the server twice, and the first copy last of all: after the
/// claim has been given back.
@Suite("Requests that arrive when nobody wants them any more")
struct LateCopyTests {
    /// Longer than any of these tests: nothing here is put right by the end of a lease.
    private static let ttl = Duration.seconds(20)

    /// Puts a copy of an acquire that `start` sends into a network that holds it back, while the client goes on with another
    /// connection; then runs `body`, and lets the copy go.
    private func scene(
        start: @escaping @Sendable (LockService) async throws -> Void,
        before: (FaultScene) async throws -> Void = { _ in },
        body: (FaultScene, Task<Void, any Error>) async throws -> Void
    ) async throws {
        try await FaultScene.with(requestTimeout: FaultScene.shortTimeout) { scene in
            let service = FaultScene.makeService(scene.store, ttl: Self.ttl)
            try await before(scene)
            let rule = scene.proxy.when(.holdRequest) { $0.runs(.status) }
            // The silence after this one ends the connection, before the time for the acquire is up.
            let first = Task { try await service.status(of: FaultScene.name) }
            try await rule.happened()
            try await Task.sleep(for: FaultScene.shortTimeout * 3 / 2)
            scene.proxy.forget()
            let task = Task { try await start(service) }
            try await body(scene, task)
            _ = await first.result
            try #require(scene.proxy.connectionCount == 2, "the first connection is still on its way")
            rule.letGo()
            try await waitUntil("the end of the first connection") { scene.proxy.connectionCount == 1 }
            try #require(scene.proxy.commands.count { $0.runs(.acquire) } == 2, "there have been two copies")
            #expect(try await scene.remains().isEmpty)
            try await scene.expectHealthy()
        }
    }

    @Test("of a lock that has been released")
    func released() async throws {
        try await scene { service async throws in
            let lease = try await service.lock(FaultScene.name).acquire()
            #expect(await lease.release() == .released)
        } body: { _, task in
            try await task.value
        }
    }

    @Test("of a lock that was busy")
    func busy() async throws {
        let obstacle = Holding()
        try await scene { service async throws in
            #expect(try await service.lock(FaultScene.name).tryAcquire() == nil)
        } before: { scene in
            try await obstacle.acquire(scene.otherLock)
        } body: { _, task in
            try await task.value
            await obstacle.release()
        }
    }

    @Test("of a waiter whose time was up")
    func timedOut() async throws {
        let obstacle = Holding()
        try await scene { service async throws in
            let error = await #expect(throws: LockError.self) {
                try await service.lock(FaultScene.name).acquire(timeout: .seconds(2))
            }
            #expect(error?.kind == "timedOut")
        } before: { scene in
            try await obstacle.acquire(scene.otherLock)
        } body: { _, task in
            try await task.value
            await obstacle.release()
        }
    }

    @Test("of a waiter that was cancelled")
    func cancelled() async throws {
        let obstacle = Holding()
        try await scene { service async throws in
            await #expect(throws: CancellationError.self) { try await service.lock(FaultScene.name).acquire() }
        } before: { scene in
            try await obstacle.acquire(scene.otherLock)
        } body: { scene, task in
            try await scene.waitUntilQueued(1)
            task.cancel()
            try await task.value
            await obstacle.release()
        }
    }
}

/// A lease, kept for later.
private actor Holding {
    private var lease: Lease?

    func acquire(_ lock: DistributedLock) async throws {
        lease = try await lock.acquire()
    }

    func release() async {
        await lease?.release()
        lease = nil
    }
}
