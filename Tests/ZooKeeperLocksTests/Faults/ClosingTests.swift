import DistributedLocks
import TestSupport
import Testing

@testable import ZooKeeperLocks

/// Stores that are closed with locks held and awaited.
@Suite(.timeLimit(.minutes(3))) struct ClosingTests {
    private func expectClosed<Value>(
        _ result: Result<Value, any Error>,
        _ location: SourceLocation = #_sourceLocation
    ) {
        let error = #expect(throws: LockError.self, sourceLocation: location) { _ = try result.get() }
        #expect(error?.sort == "closed", sourceLocation: location)
    }

    /// What is closed.
    enum Layer: CaseIterable {
        case store
        case service

        func close(_ scene: FaultScene) async {
            switch self {
            case .store: await scene.store.close()
            case .service: await scene.service.close()
            }
        }
    }

    @Test(arguments: Layer.allCases, [ZooKeeperNaming.curator, .both])
    func `Holders are told, waits end, and the next one has the lock at once`(
        _ layer: Layer,
        _ naming: ZooKeeperNaming
    ) async throws {
        try await FaultScene.with(FaultScene.Options(session: .seconds(40), naming: naming)) { scene in
            let lease = try await scene.lock.acquire()
            let obstacle = try await scene.other.lock("b").acquire()
            let waiters = try await [scene.queue(scene.lock), scene.queue(scene.service.lock("b"))]
            let next = try await scene.queue(scene.otherLock)
            await layer.close(scene)
            #expect(lease.loss == .closed)
            for waiter in waiters { expectClosed(await waiter.result) }
            let following = try await next.value
            #expect(following.fencingToken > lease.fencingToken)
            #expect(try await scene.remains().count == (naming == .both ? 4 : 2), "of others")
            let lock = try scene.lock
            expectClosed(await Task { try await lock.acquire() }.result)
            expectClosed(await Task { try await lock.tryAcquire() }.result)
            await following.release()
            await obstacle.release()
            try await scene.waitUntilEmpty()
        }
    }

    @Test(arguments: NetworkFault.allCases)
    func `The end of the session gets lost: it ends by itself`(_ fault: NetworkFault) async throws {
        var options = fault.options()
        options.session = .seconds(2)
        try await FaultScene.with(options) { scene in
            let lease = try await scene.lock.acquire()
            let waiter = try await scene.queue(scene.lock)
            let next = try await scene.queue(scene.otherLock)
            let store = scene.store
            _ = try await fault.strike(.closeSession, in: scene) { await store.close() }.get()
            #expect(lease.loss == .closed)
            expectClosed(await waiter.result)
            let following = try await next.value
            #expect(following.fencingToken > lease.fencingToken)
            await following.release()
            try await scene.waitUntilEmpty()
        }
    }

    @Test(arguments: Layer.allCases, ExpiryTests.Silence.allCases)
    func `Nobody can be reached: it ends all the same`(_ layer: Layer, _ silence: ExpiryTests.Silence) async throws {
        try await FaultScene.with(FaultScene.Options(session: .seconds(2))) { scene in
            let lease = try await scene.lock.acquire()
            let waiter = try await scene.queue(scene.lock)
            let next = try await scene.queue(scene.otherLock)
            silence.begin(scene)
            await layer.close(scene)
            #expect(lease.loss != nil)
            expectClosed(await waiter.result)
            let following = try await next.value
            #expect(following.fencingToken > lease.fencingToken)
            try silence.end(scene)
            #expect(following.state == .held)
            await following.release()
            try await scene.waitUntilEmpty()
        }
    }

    @Test(
        arguments: CancellationTests.Moment.allCases,
        [ZooKeeperOperation.create2, .getChildren, .createContainer, .getData, .delete]
    )
    func `A request is under way`(_ moment: CancellationTests.Moment, _ operation: ZooKeeperOperation) async throws {
        let options = FaultScene.Options(session: .seconds(4), hasDirectory: operation != .createContainer)
        try await FaultScene.with(options) { scene in
            let holder = operation == .getData ? try await scene.otherLock.acquire() : nil
            let rule = scene.proxy.when(operation, moment.action)
            let lock = try scene.lock
            let task = Task {
                let lease = try await lock.acquire()
                await lease.release()
                return lease
            }
            try await rule.happened()
            let store = scene.store
            let closing = Task { await store.close() }
            let result = await task.result
            rule.letGo()
            await closing.value
            if operation != .delete { expectClosed(result) }
            await holder?.release()
            try await scene.waitUntilEmpty()
            let next = try await scene.otherLock.acquire(timeout: .seconds(20))
            await next.release()
        }
    }
}
