import DistributedLocks
import TestSupport
import Testing

@testable import ZooKeeperLocks

/// Requests that a server gets when their client has long left the connection.
@Suite(.timeLimit(.minutes(3))) struct LateRequestTests {
    /// Patience with a connection is a third of this.
    private static let options = FaultScene.Options(session: .seconds(4))

    /// When what was held back is delivered.
    enum Moment: CaseIterable {
        /// Before the client is back.
        case away
        /// When it has come back over another connection.
        case back
    }

    /// Holds back a request until its client has left the connection, and then lets it go.
    private func delay(
        _ operation: ZooKeeperOperation,
        _ moment: Moment,
        in scene: FaultScene,
        _ start: () async throws -> Void
    ) async throws {
        let rule = scene.proxy.when(operation, .holdRequest)
        try await start()
        try await rule.happened()
        if moment == .away { scene.proxy.refuse() }
        let accepted = scene.proxy.acceptedCount
        switch moment {
        case .away:
            try await waitUntil("the client to leave") { !scene.store.client.view.isAttached }
            rule.letGo()
            try await waitUntil("the request") { scene.proxy.connectionCount == 0 }
            try scene.proxy.accept()
        case .back:
            try await waitUntil("the client to come back") {
                scene.proxy.acceptedCount > accepted && scene.store.client.view.isAttached
            }
            rule.letGo()
        }
    }

    @Test(arguments: Moment.allCases, [ZooKeeperNaming.curator, .both])
    func `A node that is made late is found, and there is no other`(
        _ moment: Moment,
        _ naming: ZooKeeperNaming
    ) async throws {
        var options = Self.options
        options.naming = naming
        try await FaultScene.with(options) { scene in
            let lock = try scene.lock
            var task: Task<Lease, any Error>?
            try await delay(naming == .both ? .multi : .create2, moment, in: scene) {
                task = Task { try await lock.acquire(timeout: .seconds(20)) }
            }
            let lease = try #require(try await task?.value)
            #expect(lease.state == .held)
            let nodes = try await scene.contenders()
            #expect(nodes.count == (naming == .both ? 2 : 1))
            #expect(nodes.first?.czxid == Int64(lease.fencingToken.rawValue))
            #expect(await lease.release() == .released)
            try await scene.expectHealthy(after: lease.fencingToken)
        }
    }

    @Test(arguments: Moment.allCases)
    func `A node that is made late is removed if nobody wants it any more`(_ moment: Moment) async throws {
        try await FaultScene.with(Self.options) { scene in
            let lock = try scene.lock
            try await delay(.create2, moment, in: scene) {
                let task = Task { try await lock.acquire(timeout: .seconds(20)) }
                try await waitUntil("the request") { scene.proxy.counts[.create2] == 1 }
                task.cancel()
                let result = await task.result
                #expect(throws: CancellationError.self) { _ = try result.get() }
            }
            await scene.service.drain()
            try await scene.expectHealthy()
        }
    }

    @Test(arguments: Moment.allCases)
    func `A release that comes late takes nothing from who has the lock by then`(_ moment: Moment) async throws {
        try await FaultScene.with(Self.options) { scene in
            let lease = try await scene.lock.acquire()
            let next = try await scene.queue(scene.otherLock)
            var release: Task<ReleaseResult, Never>?
            try await delay(.delete, moment, in: scene) { release = Task { await lease.release() } }
            #expect(await release?.value == .released)
            let following = try await next.value
            #expect(following.fencingToken > lease.fencingToken)
            #expect(try await scene.lock.tryAcquire() == nil)
            #expect(following.state == .held)
            #expect(await following.release() == .released)
            try await scene.expectHealthy(after: following.fencingToken)
        }
    }

    @Test func `A node that would be made after its session has ended is not made`() async throws {
        try await FaultScene.with(FaultScene.Options(session: .seconds(1))) { scene in
            let rule = scene.proxy.when(.create2, .holdRequest)
            let lock = try scene.lock
            let task = Task { try await lock.acquire(timeout: .seconds(30)) }
            try await rule.happened()
            scene.proxy.refuse()
            let session = try #require(scene.proxy.sessions.last?.number)
            try await waitUntil("the end of the session") { try await !scene.server.sessions().contains(session) }
            rule.letGo()
            try scene.proxy.accept()
            let result = await task.result
            if let lease = result.value {
                #expect(try await scene.contenders().map(\.czxid) == [Int64(lease.fencingToken.rawValue)])
                await lease.release()
            } else {
                #expect(result.isUnreachable)
            }
            try await scene.expectHealthy(after: result.value?.fencingToken)
            #expect(scene.sessions.count == 2)
        }
    }
}
