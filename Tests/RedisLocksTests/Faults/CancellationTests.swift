import DistributedLocks
import TestSupport
import Testing

@testable import RedisLocks

@Suite("Cancellation, wherever a task is")
struct CancellationTests {
    /// A moment at which a command is under way: before the server has seen it, or after.
    enum Moment: CaseIterable {
        case onTheWayThere
        case onTheWayBack

        var action: ProxyRule.Action { self == .onTheWayThere ? .holdRequest : .holdReply }
    }

    /// Holds a command back, cancels what sent it, waits for that to end, and lets the command go.
    ///
    /// - Parameters:
    ///   - scene: Where.
    ///   - moment: When to cancel.
    ///   - matches: Which command.
    ///   - body: What sends it.
    /// - Returns: How the body ended, before it could have had an answer.
    /// - Throws: ``TimedOut`` if there is no such command.
    private func cancel<Value: Sendable>(
        in scene: FaultScene,
        _ moment: Moment,
        _ matches: @escaping @Sendable (ProxiedCommand) -> Bool,
        during body: @escaping @Sendable () async throws -> Value
    ) async throws -> Result<Value, any Error> {
        let rule = scene.proxy.when(moment.action, matches)
        let task = Task { try await body() }
        try await rule.happened()
        task.cancel()
        let result = await task.result
        rule.letGo()
        return result
    }

    private func expectCancelled<Value>(
        _ result: Result<Value, any Error>,
        _ location: SourceLocation = #_sourceLocation
    ) {
        #expect(throws: CancellationError.self, sourceLocation: location) { _ = try result.get() }
    }

    @Test("while connecting", arguments: Moment.allCases, ["HELLO", "CLIENT", "SUBSCRIBE", "PUBLISH"])
    func connecting(_ moment: Moment, _ command: String) async throws {
        try await FaultScene.with(isConnected: false) { scene in
            let lock = try scene.lock
            expectCancelled(try await cancel(in: scene, moment, { $0.name == command }) { try await lock.acquire() })
            try await scene.expectHealthy()
        }
    }

    @Test("while asking, of the store itself: at once", arguments: Moment.allCases, [true, false])
    func askingTheStore(_ moment: Moment, _ isTaken: Bool) async throws {
        try await FaultScene.with { scene in
            let obstacle = isTaken ? try await scene.otherLock.acquire() : nil
            let store = scene.store
            let request = try FaultScene.request()
            let result = try await cancel(in: scene, moment, { $0.runs(.acquire) }) { try await store.acquire(request) }
            expectCancelled(result)
            try await waitUntil("a release") { (try? await store.release(request.claim)) != nil }
            #expect(try await store.release(request.claim) == .notHeld)
            try await scene.waitUntilQueued(0)
            #expect(try await scene.remains() == (isTaken ? [FaultScene.name] : []))
            await obstacle?.release()
            try await scene.expectHealthy(after: obstacle?.fencingToken)
        }
    }

    @Test("while asking, with or without patience", arguments: Moment.allCases, [true, false])
    func asking(_ moment: Moment, _ isTaken: Bool) async throws {
        try await FaultScene.with { scene in
            let obstacle = isTaken ? try await scene.otherLock.acquire() : nil
            let lock = try scene.lock
            expectCancelled(try await cancel(in: scene, moment, { $0.runs(.acquire) }) { try await lock.acquire() })
            try await scene.waitUntilQueued(0)
            expectCancelled(try await cancel(in: scene, moment, { $0.runs(.acquire) }) { try await lock.tryAcquire() })
            await obstacle?.release()
            try await scene.expectHealthy(after: obstacle?.fencingToken)
        }
    }

    @Test("while waiting in the queue")
    func waiting() async throws {
        try await FaultScene.with { scene in
            let obstacle = try await scene.otherLock.acquire()
            let lock = try scene.lock
            let tasks = (0..<5).map { _ in Task { try await lock.acquire() } }
            try await scene.waitUntilQueued(5)
            for task in tasks { task.cancel() }
            for task in tasks { expectCancelled(await task.result) }
            // What they left is gone before they end.
            #expect(try await scene.remains() == [FaultScene.name])
            await obstacle.release()
            try await scene.expectHealthy(after: obstacle.fencingToken)
        }
    }

    @Test("while a place is being confirmed", arguments: Moment.allCases)
    func confirming(_ moment: Moment) async throws {
        try await FaultScene.with { scene in
            let obstacle = try await scene.otherLock.acquire()
            let lock = try scene.lock
            expectCancelled(try await cancel(in: scene, moment, { $0.runs(.beat) }) { try await lock.acquire() })
            try await scene.waitUntilQueued(0)
            await obstacle.release()
            try await scene.expectHealthy(after: obstacle.fencingToken)
        }
    }

    @Test("while leaving the queue, since the time is up", arguments: Moment.allCases)
    func leaving(_ moment: Moment) async throws {
        try await FaultScene.with { scene in
            let obstacle = try await scene.otherLock.acquire()
            let lock = try scene.lock
            let result = try await cancel(in: scene, moment, { $0.runs(.release) }) {
                try await lock.acquire(timeout: .milliseconds(100))
            }
            #expect(throws: (any Error).self) { try result.get() }
            try await scene.waitUntilQueued(0)
            await obstacle.release()
            try await scene.expectHealthy(after: obstacle.fencingToken)
        }
    }

    @Test("in the very moment of the grant", arguments: Moment.allCases)
    func beingGranted(_ moment: Moment) async throws {
        try await FaultScene.with { scene in
            let obstacle = try await scene.otherLock.acquire()
            let lock = try scene.lock
            let waiter = Task { try await lock.acquire() }
            try await scene.waitUntilQueued(1)
            scene.proxy.stall(.replies)
            await obstacle.release()
            try #require(
                try await scene.remains() == [FaultScene.name],
                "it is the waiter's now, who does not know yet"
            )
            waiter.cancel()
            let result = await waiter.result
            scene.proxy.flow()
            expectCancelled(result)
            try await scene.expectHealthy(after: obstacle.fencingToken)
        }
    }

    @Test("while a lease is being renewed: the body ends, and the lock is given back", arguments: Moment.allCases)
    func renewing(_ moment: Moment) async throws {
        try await FaultScene.with { scene in
            let lock = try scene.lock
            let result = try await cancel(in: scene, moment, { $0.runs(.renew) }) {
                try await lock.withLock { _ in try await Task.sleep(for: .seconds(60)) }
            }
            #expect(throws: (any Error).self) { try result.get() }
            try await scene.expectHealthy()
        }
    }

    @Test("while releasing: it goes on all the same", arguments: Moment.allCases)
    func releasing(_ moment: Moment) async throws {
        try await FaultScene.with { scene in
            let lease = try await scene.lock.acquire()
            let rule = scene.proxy.when(moment.action) { $0.runs(.release) }
            let task = Task { await lease.release() }
            try await rule.happened()
            task.cancel()
            rule.letGo()
            #expect(await task.value == .released)
            try await scene.expectHealthy(after: lease.fencingToken)
        }
    }

    @Test("before anything: nothing is sent")
    func beforeAll() async throws {
        try await FaultScene.with(isConnected: false) { scene in
            let lock = try scene.lock
            let store = scene.store
            let task = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                expectCancelled(await Task { try await lock.acquire() }.cancelledResult)
                _ = try await store.acquire(FaultScene.request())
            }
            expectCancelled(await task.result)
            #expect(scene.proxy.commands.isEmpty)
        }
    }
}

extension Task where Failure == any Error {
    /// Cancels it, and waits for its end.
    fileprivate var cancelledResult: Result<Success, any Error> {
        get async {
            cancel()
            return await result
        }
    }
}
