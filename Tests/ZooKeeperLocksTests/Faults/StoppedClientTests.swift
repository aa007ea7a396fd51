import DistributedLocks
import TestSupport
import Testing

@testable import ZooKeeperLocks

/// Processes with locks that are stopped for a while, or killed.
@Suite(.timeLimit(.minutes(3))) struct StoppedClientTests {
    /// Runs a scene with another process that has a store on the same server.
    private func scene(
        session: String = "2s",
        naming: ZooKeeperNaming = .curator,
        _ body: (FaultScene, ProbeProcess) async throws -> Void
    ) async throws {
        try await FaultScene.with(FaultScene.Options(naming: naming)) { scene in
            let query = "session-timeout=\(session)&naming=\(naming)"
            let probe = try await ProbeProcess("zookeeper://\(scene.server.address)\(scene.root)?\(query)")
            try await body(scene, probe)
            try await scene.expectHealthy()
        }
    }

    @Test(arguments: [ZooKeeperNaming.curator, .both])
    func `A holder that is stopped for longer than its session does nothing any more`(
        _ naming: ZooKeeperNaming
    ) async throws {
        try await scene(naming: naming) { scene, probe in
            probe.send("acquire a \(FaultScene.name)")
            let token = try await probe.granted("a")
            probe.send("work a")
            try await probe.expect("worked a ")
            try await probe.pause()
            let next = try await scene.lock.acquire(timeout: .seconds(20))
            let start = PeerProcess.now
            #expect(next.fencingToken > token)
            #expect(try #require(probe.lastWork("a")) < start)
            probe.resume()
            try await probe.expect("lost a ")
            // Whatever it does now: not with the lock.
            #expect(try #require(probe.lastWork("a")) < start)
            probe.send("release a")
            #expect(try await probe.expect("released a ").first?.hasPrefix("alreadyLost") == true)
            probe.send("acquire b \(FaultScene.name)")
            try await probe.expect("queued b")
            #expect(next.state == .held)
            #expect(await next.release() == .released)
            #expect(try await probe.granted("b") > next.fencingToken)
            probe.send("release b")
            #expect(try await probe.expect("released b ") == ["released"])
        }
    }

    @Test func `A holder that is stopped for less than its session works on`() async throws {
        try await scene(session: "10s") { scene, probe in
            probe.send("acquire a \(FaultScene.name)")
            let token = try await probe.granted("a")
            probe.send("work a")
            try await probe.expect("worked a ")
            let next = try await scene.queue(scene.lock)
            try await probe.pause()
            let before = try #require(probe.lastWork("a"))
            try await Task.sleep(for: .seconds(4))
            probe.resume()
            try await waitUntil("more work") {
                probe.lines("worked a ").count { ($0.first.flatMap { Int($0) } ?? 0) > before } > 10
            }
            #expect(probe.lines("lost a ").isEmpty)
            probe.send("release a")
            #expect(try await probe.expect("released a ") == ["released"])
            let lease = try await next.value
            #expect(lease.fencingToken > token)
            #expect(await lease.release() == .released)
        }
    }

    @Test func `A waiter that is stopped for longer than its session keeps nobody waiting after that`() async throws {
        try await scene { scene, probe in
            let holder = try await scene.lock.acquire()
            probe.send("acquire a \(FaultScene.name)")
            try await probe.expect("queued a")
            let next = try await scene.queue(scene.otherLock)
            try await probe.pause()
            #expect(await holder.release() == .released)
            let following = try await next.value
            #expect(following.fencingToken > holder.fencingToken)
            probe.resume()
            try await scene.waitUntilContended(by: 2)
            #expect(probe.lines("granted a ").isEmpty)
            #expect(following.state == .held)
            #expect(await following.release() == .released)
            #expect(try await probe.granted("a") > following.fencingToken)
            probe.send("release a")
            #expect(try await probe.expect("released a ") == ["released"])
        }
    }

    @Test(arguments: [ZooKeeperNaming.curator, .both])
    func `A holder that is killed keeps its lock until its session ends`(_ naming: ZooKeeperNaming) async throws {
        try await scene(naming: naming) { scene, probe in
            probe.send("acquire a \(FaultScene.name)")
            let token = try await probe.granted("a")
            probe.send("acquire b \(FaultScene.name)")
            try await probe.expect("queued b")
            probe.send("work a")
            try await probe.expect("worked a ")
            try await probe.kill()
            let next = try await scene.lock.acquire(timeout: .seconds(20))
            #expect(next.fencingToken > token)
            #expect(try #require(probe.lastWork("a")) < PeerProcess.now)
            #expect(await next.release() == .released)
        }
    }
}
