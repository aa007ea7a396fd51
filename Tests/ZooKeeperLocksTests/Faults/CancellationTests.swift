import DistributedLocks
import TestSupport
import Testing

@testable import ZooKeeperLocks

/// Tasks that are cancelled while a request is under way: nothing of theirs remains, and nobody waits for them.
@Suite(.timeLimit(.minutes(3))) struct CancellationTests {
    /// A moment at which a request is under way: before the server has seen it, or after.
    enum Moment: CaseIterable {
        case onTheWayThere
        case onTheWayBack

        var action: ZooKeeperProxyRule.Action { self == .onTheWayThere ? .holdRequest : .holdReply }
    }

    /// What all acquires of a test have in common.
    struct Way: Sendable {
        var naming = ZooKeeperNaming.curator
        var hasDirectory = true
        var isPatient = true
        /// How many requests it takes at least.
        var requests: Int
    }

    private static let ways = [
        Way(requests: 2), Way(hasDirectory: false, requests: 5), Way(isPatient: false, requests: 2),
        Way(naming: .both, requests: 5), Way(naming: .both, hasDirectory: false, requests: 8),
    ]

    /// Where a task was when it was cancelled.
    private enum Place {
        case request
        case queue
        /// It had ended already, with this.
        case end(Lease?)
    }

    /// Holds a request back, cancels what sent it, waits for that to end, and lets the request go.
    ///
    /// - Parameters:
    ///   - scene: Where.
    ///   - moment: When to cancel.
    ///   - number: Which of the requests for the lock, from 1.
    ///   - name: The name of the lock.
    ///   - way: How it is acquired.
    ///   - wake: Called once it is queued; makes the wait end. Without it, it is cancelled in the queue at the latest.
    /// - Returns: Where it was when it was cancelled.
    /// - Throws: What has come of it, if that is not a cancellation.
    private func acquire(
        in scene: FaultScene,
        cancelled moment: Moment,
        _ number: Int,
        _ name: String,
        _ way: Way,
        wake: (@Sendable () async -> Void)? = nil
    ) async throws -> Place {
        let rule = scene.proxy.when(nil, nth: number, moment.action) { $0.contains("/\(name)") }
        let (hasQueued, hasEnded) = (Latch<Void>(), Latch<Void>())
        let lock = try scene.service.lock(name)
        let task = Task {
            defer { hasEnded.open(()) }
            guard way.isPatient else { return try await lock.tryAcquire() }
            return try await lock.acquire { _ in hasQueued.open(()) }
        }
        defer { rule.letGo() }
        try await waitUntil("a request, or a rest") {
            rule.count > 0 || hasEnded.current != nil || hasQueued.current != nil
        }
        if hasQueued.current != nil, rule.count == 0, let wake {
            await wake()
            try await waitUntil("a request, or the end") { rule.count > 0 || hasEnded.current != nil }
        }
        if hasEnded.current != nil { return .end(try await task.value) }
        let place = rule.count > 0 ? Place.request : .queue
        task.cancel()
        let result = await task.result
        #expect(throws: CancellationError.self, "\(name)") { _ = try result.get() }
        return place
    }

    @Test(arguments: Moment.allCases, ways)
    func `A free lock, at each request`(_ moment: Moment, _ way: Way) async throws {
        try await FaultScene.with(FaultScene.Options(naming: way.naming)) { scene in
            for number in 1...20 {
                let name = "lock-no-\(number)."
                if way.hasDirectory { try await scene.server.inspector().create("\(scene.root)/\(name)") }
                let place = try await acquire(in: scene, cancelled: moment, number, name, way)
                guard case .end(let lease) = place else {
                    try await scene.waitUntilEmpty()
                    let next = try #require(try await scene.other.lock(name).tryAcquire())
                    await next.release()
                    continue
                }
                #expect(await lease?.release() == .released)
                #expect(number > way.requests)
                return try await scene.expectHealthy()
            }
            Issue.record("it was cancelled each time")
        }
    }

    @Test(arguments: Moment.allCases, ways)
    func `A lock that is taken, at each request until it is queued or given up`(
        _ moment: Moment,
        _ way: Way
    ) async throws {
        try await FaultScene.with(FaultScene.Options(naming: way.naming)) { scene in
            for number in 1...20 {
                let name = "lock-no-\(number)."
                let holder = try await scene.other.lock(name).acquire()
                let place = try await acquire(in: scene, cancelled: moment, number, name, way)
                try await scene.waitUntilNothingIsWatched()
                let next = try await scene.queue(scene.other.lock(name))
                #expect(holder.state == .held)
                #expect(await holder.release() == .released)
                let following = try await next.value
                #expect(following.fencingToken > holder.fencingToken)
                #expect(await following.release() == .released)
                try await scene.waitUntilEmpty()
                if case .request = place { continue }
                if case .end(let lease) = place { #expect(lease == nil && !way.isPatient) }
                return try await scene.expectHealthy()
            }
            Issue.record("it was cancelled each time")
        }
    }

    @Test(arguments: Moment.allCases, [ZooKeeperNaming.curator, .both])
    func `A waiter that is woken, at each request from then on`(_ moment: Moment, _ naming: ZooKeeperNaming)
        async throws
    {
        try await FaultScene.with(FaultScene.Options(naming: naming)) { scene in
            for number in 1...20 {
                let name = "lock-no-\(number)."
                let holder = try await scene.other.lock(name).acquire()
                let place = try await acquire(in: scene, cancelled: moment, number, name, Way(requests: 0)) {
                    await holder.release()
                }
                if case .request = place {
                    await holder.release()
                    try await scene.waitUntilEmpty()
                    let next = try #require(try await scene.other.lock(name).tryAcquire())
                    #expect(next.fencingToken > holder.fencingToken)
                    await next.release()
                    continue
                }
                guard case .end(let found) = place else { break }
                let lease = try #require(found)
                #expect(lease.fencingToken > holder.fencingToken)
                #expect(await lease.release() == .released)
                return try await scene.expectHealthy(after: lease.fencingToken)
            }
            Issue.record("it was cancelled each time")
        }
    }

    /// Why a waiter has to queue anew.
    enum Misfortune: CaseIterable {
        /// An operator deletes its node.
        case nodeDeleted
        /// Its session ends.
        case sessionEnded
    }

    @Test(arguments: Moment.allCases, Misfortune.allCases)
    func `A waiter that has lost its node, while it queues anew`(
        _ moment: Moment,
        _ misfortune: Misfortune
    ) async throws {
        try await FaultScene.with { scene in
            let holder = try await scene.otherLock.acquire()
            let waiter = try await scene.queue(scene.lock)
            let node = try #require(try await scene.contenders().last)
            let rule = scene.proxy.when(.create2, moment.action)
            switch misfortune {
            case .nodeDeleted: try await scene.server.inspector().delete(node.path)
            case .sessionEnded:
                let session = try #require(scene.proxy.sessions.last)
                try await scene.server.inspector().end(session: session.number, password: session.password)
            }
            let next = try await scene.queue(scene.otherLock)
            await holder.release()
            try await rule.happened()
            waiter.cancel()
            let result = await waiter.result
            #expect(throws: CancellationError.self) { _ = try result.get() }
            rule.letGo()
            let following = try await next.value
            #expect(following.fencingToken > holder.fencingToken)
            await following.release()
            try await scene.expectHealthy(after: following.fencingToken)
        }
    }

    @Test(arguments: Moment.allCases)
    func `A holder whose body is cancelled, while the session is proved to live`(_ moment: Moment) async throws {
        try await FaultScene.with(FaultScene.Options(session: .seconds(4))) { scene in
            let rule = scene.proxy.when(.multi, moment.action)
            let lock = try scene.lock
            let task = Task { try await lock.withLock { _ in try await Task.sleep(for: .seconds(60)) } }
            try await rule.happened()
            task.cancel()
            rule.letGo()
            let result = await task.result
            #expect(throws: CancellationError.self) { _ = try result.get() }
            try await scene.expectHealthy()
        }
    }

    @Test(arguments: Moment.allCases, [ZooKeeperNaming.curator, .both])
    func `A release goes on all the same`(_ moment: Moment, _ naming: ZooKeeperNaming) async throws {
        try await FaultScene.with(FaultScene.Options(naming: naming)) { scene in
            let lease = try await scene.lock.acquire()
            let rule = scene.proxy.when(.delete, moment.action)
            let task = Task { await lease.release() }
            try await rule.happened()
            task.cancel()
            rule.letGo()
            #expect(await task.value == .released)
            try await scene.expectHealthy(after: lease.fencingToken)
        }
    }

    @Test(arguments: Moment.allCases)
    func `While connecting`(_ moment: Moment) async throws {
        try await FaultScene.with(FaultScene.Options(isConnected: false)) { scene in
            let rule = scene.proxy.when(.handshake, moment.action)
            let lock = try scene.lock
            let task = Task { try await lock.acquire() }
            try await rule.happened()
            task.cancel()
            let result = await task.result
            #expect(throws: CancellationError.self) { _ = try result.get() }
            rule.letGo()
            try await scene.expectHealthy()
        }
    }

    @Test func `Whoever waits for a while, again and again, leaves no watch behind`() async throws {
        try await FaultScene.with { scene in
            let holder = try await scene.otherLock.acquire()
            for _ in 0..<5 {
                await #expect(throws: LockError.self) {
                    _ = try await scene.lock.acquire(timeout: .milliseconds(50))
                }
            }
            try await scene.waitUntilNothingIsWatched()
            #expect(try await scene.contenders().count == 1)
            await holder.release()
            try await scene.expectHealthy(after: holder.fencingToken)
        }
    }

    @Test func `Before anything: nothing is sent`() async throws {
        try await FaultScene.with(FaultScene.Options(isConnected: false)) { scene in
            let lock = try scene.lock
            let task = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                _ = try await lock.acquire()
            }
            let result = await task.result
            #expect(throws: CancellationError.self) { _ = try result.get() }
            #expect(scene.proxy.acceptedCount == 0)
        }
    }
}
