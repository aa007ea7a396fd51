import DistributedLocks
import TestSupport
import Testing

@testable import ZooKeeperLocks

/// Sessions that end, and connections that are gone for a while.
@Suite(.timeLimit(.minutes(3))) struct ExpiryTests {
    private static let session = Duration.seconds(2)
    private static let options = FaultScene.Options(session: session)

    /// What must hold whenever a lock goes on to somebody else without having been released: its holder has known before.
    private func expectHandOver(
        from lease: Lease,
        to next: Task<Lease, any Error>,
        _ reason: LossReason,
        _ location: SourceLocation = #_sourceLocation
    ) async throws -> Lease {
        let following = try await next.value
        let now = LeaseClock.continuous.now
        #expect(lease.loss == reason, sourceLocation: location)
        if reason == .expired { #expect(try #require(lease.validUntil) < now, sourceLocation: location) }
        #expect(following.fencingToken > lease.fencingToken, sourceLocation: location)
        return following
    }

    /// How the network stands still.
    enum Silence: CaseIterable {
        case bothWays
        case nothingArrives
        case nobodyListens

        func begin(_ scene: FaultScene) {
            switch self {
            case .bothWays: scene.proxy.stall()
            case .nothingArrives: scene.proxy.stall(.requests)
            case .nobodyListens:
                scene.proxy.refuse()
                scene.proxy.cut()
            }
        }

        func end(_ scene: FaultScene) throws {
            scene.proxy.flow()
            try scene.proxy.accept()
        }
    }

    @Test(arguments: Silence.allCases, [ZooKeeperNaming.curator, .both])
    func `A holder that is cut off knows before the next one has the lock`(
        _ silence: Silence,
        _ naming: ZooKeeperNaming
    ) async throws {
        try await FaultScene.with(FaultScene.Options(session: Self.session, naming: naming)) { scene in
            let lease = try await scene.lock.acquire()
            let next = try await scene.queue(scene.otherLock)
            silence.begin(scene)
            let following = try await expectHandOver(from: lease, to: next, .expired)
            #expect(await lease.release() == .alreadyLost(.expired))
            try silence.end(scene)
            // It is not taken back, and not taken away from who has it now.
            #expect(try await scene.lock.tryAcquire() == nil)
            #expect(following.state == .held)
            await following.release()
            try await scene.expectHealthy(after: following.fencingToken)
        }
    }

    @Test(arguments: Silence.allCases)
    func `What runs under a lock is cancelled before the next one has it`(_ silence: Silence) async throws {
        try await FaultScene.with(Self.options) { scene in
            let lock = try scene.lock
            let isWorking = Latch<FencingToken>()
            let task = Task {
                try await lock.withLock { lease in
                    isWorking.open(lease.fencingToken)
                    // As long as it is not cancelled.
                    try? await Task.sleep(for: .seconds(60))
                }
            }
            try await waitUntil("the body") { isWorking.current != nil }
            let next = try await scene.queue(scene.otherLock)
            silence.begin(scene)
            let following = try await next.value
            let error = await #expect(throws: LockError.self) { _ = try await task.value }
            #expect(error == .lost(try LockName(FaultScene.name), .expired))
            #expect(following.fencingToken > (try #require(isWorking.current)))
            try silence.end(scene)
            #expect(following.state == .held)
            await following.release()
            try await scene.expectHealthy(after: following.fencingToken)
        }
    }

    @Test(arguments: Silence.allCases)
    func `A waiter that is cut off loses its place, and nobody waits for it`(_ silence: Silence) async throws {
        try await FaultScene.with(Self.options) { scene in
            let holder = try await scene.otherLock.acquire()
            let waiter = try await scene.queue(scene.lock)
            let next = try await scene.queue(scene.otherLock)
            silence.begin(scene)
            await holder.release()
            let following = try await next.value
            #expect(following.fencingToken > holder.fencingToken)
            try silence.end(scene)
            // It queues again, behind everybody.
            try await scene.waitUntilContended(by: 2)
            #expect(following.state == .held)
            await following.release()
            let lease = try await waiter.value
            #expect(lease.fencingToken > following.fencingToken)
            #expect(scene.sessions.count == 2)
            await lease.release()
            try await scene.expectHealthy(after: lease.fencingToken)
        }
    }

    @Test(arguments: Silence.allCases)
    func `A release that does not get through ends with the session`(_ silence: Silence) async throws {
        try await FaultScene.with(Self.options) { scene in
            var configuration = LockConfiguration()
            configuration.releaseTimeout = .milliseconds(500)
            let service = LockService(scene.store, configuration: configuration)
            let lease = try await service.lock(FaultScene.name).acquire()
            let next = try await scene.queue(scene.otherLock)
            silence.begin(scene)
            #expect(await lease.release() == .pending)
            let following = try await expectHandOver(from: lease, to: next, .released)
            try silence.end(scene)
            await service.drain()
            #expect(following.state == .held)
            #expect(try await scene.contenders().count == 1)
            await following.release()
            try await scene.expectHealthy(after: following.fencingToken)
        }
    }

    @Test(arguments: Silence.allCases)
    func `A connection that is lost for a short time loses nothing`(_ silence: Silence) async throws {
        try await FaultScene.with(FaultScene.Options(session: .seconds(8))) { scene in
            let lease = try await scene.lock.acquire()
            let obstacle = try await scene.other.lock("b").acquire()
            let waiter = try await scene.queue(scene.service.lock("b"))
            let last = try await scene.queue(scene.other.lock("b"))
            let end = try #require(lease.validUntil)
            silence.begin(scene)
            // Longer than the client is patient with one connection.
            try await Task.sleep(for: .seconds(3))
            await obstacle.release()
            #expect(lease.loss == nil)
            try silence.end(scene)
            let second = try await waiter.value
            #expect(second.fencingToken > obstacle.fencingToken)
            try await waitUntil("a renewal") { try #require(lease.validUntil) > end }
            #expect(lease.state == .held)
            #expect(scene.sessions.count == 1)
            #expect(try await scene.otherLock.tryAcquire() == nil)
            await second.release()
            let third = try await last.value
            #expect(third.fencingToken > second.fencingToken)
            await third.release()
            #expect(await lease.release() == .released)
            try await scene.expectHealthy(after: third.fencingToken)
        }
    }
}

extension ExpiryTests {
    private func endSession(_ scene: FaultScene) async throws {
        let session = try #require(scene.proxy.sessions.last)
        try await scene.server.inspector().end(session: session.number, password: session.password)
    }

    @Test(arguments: [ZooKeeperNaming.curator, .both])
    func `A session that somebody else ends, while locks are held`(_ naming: ZooKeeperNaming) async throws {
        try await FaultScene.with(FaultScene.Options(naming: naming)) { scene in
            let leases = try await [scene.lock.acquire(), scene.service.lock("b").acquire()]
            let next = try await scene.queue(scene.otherLock)
            try await endSession(scene)
            try await waitUntil("the loss") { leases.allSatisfy { $0.loss == .sessionEnded } }
            let following = try await expectHandOver(from: leases[0], to: next, .sessionEnded)
            #expect(await leases[0].release() == .alreadyLost(.sessionEnded))
            #expect(following.state == .held)
            await following.release()
            try await scene.expectHealthy(after: following.fencingToken)
        }
    }

    @Test(arguments: [ZooKeeperNaming.curator, .both])
    func `A session that somebody else ends, while a lock is awaited`(_ naming: ZooKeeperNaming) async throws {
        try await FaultScene.with(FaultScene.Options(naming: naming)) { scene in
            let holder = try await scene.otherLock.acquire()
            let waiter = try await scene.queue(scene.lock)
            let next = try await scene.queue(scene.otherLock)
            try await endSession(scene)
            // It queues again.
            try await scene.waitUntilContended(by: naming == .both ? 6 : 3)
            await holder.release()
            let following = try await next.value
            await following.release()
            let lease = try await waiter.value
            #expect(holder.fencingToken < following.fencingToken && following.fencingToken < lease.fencingToken)
            await lease.release()
            try await scene.expectHealthy(after: lease.fencingToken)
        }
    }

    @Test(arguments: CancellationTests.Moment.allCases, [ZooKeeperOperation.create2, .getChildren, .delete])
    func `A session that somebody else ends, while a request is under way`(
        _ moment: CancellationTests.Moment,
        _ operation: ZooKeeperOperation
    ) async throws {
        try await FaultScene.with { scene in
            let rule = scene.proxy.when(operation, moment.action)
            let lock = try scene.lock
            let task = Task {
                let lease = try await lock.acquire()
                return (lease, await lease.release())
            }
            try await rule.happened()
            try await endSession(scene)
            rule.letGo()
            let result = await task.result
            // It may be told that it has got it, and lost it.
            if case .success(let (lease, _)) = result {
                try await scene.expectHealthy(after: lease.fencingToken)
            } else {
                #expect(throws: LockError.self) { try result.get() }
                try await scene.expectHealthy()
            }
        }
    }
}
