import DistributedLocks
import TestSupport
import Testing

@testable import ZooKeeperLocks

/// A server that stands still, dies, comes back with or without its data, or takes no more connections.
@Suite(.timeLimit(.minutes(3))) struct ServerTroubleTests {
    @Test func `A server that is stopped for less than a session loses nothing`() async throws {
        try await TestZooKeeperServer.with { server in
            try await FaultScene.with(server) { scene in
                let lease = try await scene.lock.acquire()
                let obstacle = try await scene.other.lock("b").acquire()
                let waiter = try await scene.queue(scene.service.lock("b"))
                let end = try #require(lease.validUntil)
                try await server.pause()
                // Longer than a client is patient with one connection.
                try await Task.sleep(for: .seconds(4))
                #expect(lease.loss == nil)
                server.resume()
                try await waitUntil("a renewal") { try #require(lease.validUntil) > end }
                #expect(lease.state == .held)
                #expect(obstacle.loss == nil)
                #expect(scene.sessions.count == 1)
                #expect(await obstacle.release() == .released)
                let second = try await waiter.value
                #expect(second.fencingToken > obstacle.fencingToken)
                await second.release()
                #expect(await lease.release() == .released)
                try await scene.expectHealthy(after: second.fencingToken)
            }
        }
    }

    @Test(arguments: [Duration.milliseconds(500), .seconds(5)])
    func `A server that is stopped for longer than a session`(_ requestTimeout: Duration) async throws {
        try await TestZooKeeperServer.with { server in
            let options = FaultScene.Options(session: .seconds(2), requestTimeout: requestTimeout)
            try await FaultScene.with(server, options) { scene in
                let lease = try await scene.lock.acquire()
                let next = try await scene.queue(scene.otherLock)
                try await server.pause()
                try await waitUntil("the loss") { lease.loss == .expired }
                try await Task.sleep(for: .seconds(2))
                server.resume()
                let following = try await next.value
                #expect(try #require(lease.validUntil) < LeaseClock.continuous.now)
                #expect(lease.loss == .expired)
                #expect(following.fencingToken > lease.fencingToken)
                #expect(following.loss == nil)
                await following.release()
                try await scene.expectHealthy(after: following.fencingToken)
            }
        }
    }

    @Test func `A server that is killed and started again at once loses nothing`() async throws {
        try await TestZooKeeperServer.with { server in
            try await FaultScene.with(server, FaultScene.Options(session: .seconds(20))) { scene in
                let lease = try await scene.lock.acquire()
                let first = try await scene.queue(scene.otherLock)
                let second = try await scene.queue(scene.lock)
                try await server.restart()
                try await waitUntil("two watches") { try await server.number("zk_watch_count") >= 2 }
                #expect(lease.loss == nil)
                #expect(scene.sessions.count == 1)
                #expect(await lease.release() == .released)
                let next = try await first.value
                #expect(next.fencingToken > lease.fencingToken)
                await next.release()
                let last = try await second.value
                #expect(last.fencingToken > next.fencingToken)
                await last.release()
                try await scene.expectHealthy(after: last.fencingToken)
            }
        }
    }

    @Test func `A server that is down for longer than a session`() async throws {
        try await TestZooKeeperServer.with { server in
            try await FaultScene.with(server, FaultScene.Options(session: .seconds(2))) { scene in
                let lease = try await scene.lock.acquire()
                let waiter = try await scene.queue(scene.lock)
                try await server.kill()
                try await waitUntil("the loss") { lease.loss == .expired }
                // Whoever asks now is told; whoever waits, waits on.
                await #expect(throws: LockError.self) {
                    try await scene.service.lock("b").acquire(timeout: .milliseconds(200))
                }
                try await Task.sleep(for: .seconds(2))
                try await server.start()
                let next = try await waiter.value
                #expect(next.fencingToken > lease.fencingToken)
                #expect(next.loss == nil)
                #expect(scene.sessions.count == 2)
                await next.release()
                try await scene.expectHealthy(after: next.fencingToken)
            }
        }
    }

    /// Its transactions are behind those that its clients have seen, so that it does not even answer them.
    @Test(arguments: [true, false])
    func `A server that comes back without its data`(_ isHeld: Bool) async throws {
        try await TestZooKeeperServer.with { server in
            try await FaultScene.with(server, FaultScene.Options(session: .seconds(2))) { scene in
                for _ in 0..<100 { await (try await scene.lock.acquire()).release() }
                let lease = isHeld ? try await scene.lock.acquire() : nil
                try await server.restart(keepingData: false)
                if let lease { try await waitUntil("the loss") { lease.loss != nil } }
                // The node that all locks are below is made again as well. (Tokens begin anew, too.)
                try await scene.expectHealthy()
                await lease?.release()
                #expect(scene.sessions.count >= 2)
            }
        }
    }

    @Test func `A server that takes no more connections`() async throws {
        try await TestZooKeeperServer.with(.init(maxConnections: 2)) { server in
            let root = SharedZooKeeper.freshPath()
            try await server.inspector().create(root)
            let first = LockService(try FaultScene.makeStore(port: server.port, root))
            let second = LockService(try FaultScene.makeStore(port: server.port, root))
            let lease = try await first.lock("a").acquire()
            let error = await #expect(throws: LockError.self) {
                try await second.lock("a").acquire(timeout: .seconds(20))
            }
            #expect(error?.sort == "unreachable")
            #expect(lease.state == .held)
            await first.close()
            // It comes back by itself.
            try await waitUntil("a place") {
                guard let next = try? await second.lock("a").acquire(timeout: .seconds(5)) else { return false }
                #expect(next.fencingToken > lease.fencingToken)
                return await next.release() == .released
            }
            await second.close()
        }
    }
}
