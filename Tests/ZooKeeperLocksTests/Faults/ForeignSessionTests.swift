import DistributedLocks
import TestSupport
import Testing

@testable import ZooKeeperLocks

/// Servers that are not ZooKeeper have been seen to give a client that comes back another session, without a word about the old
/// one.
@Suite(.timeLimit(.minutes(3))) struct ForeignSessionTests {
    private static let strange: Int64 = 0x4711

    @Test(arguments: [ZooKeeperNaming.curator, .both])
    func `A holder is told that its session is over`(_ naming: ZooKeeperNaming) async throws {
        try await FaultScene.with(FaultScene.Options(session: .seconds(2), naming: naming)) { scene in
            let lease = try await scene.lock.acquire()
            let next = try await scene.queue(scene.otherLock)
            let rule = scene.proxy.when(.handshake, .answerSession(Self.strange)) { $0.connection > 1 }
            scene.proxy.cut()
            try await rule.happened()
            try await waitUntil("the loss") { lease.loss == .sessionEnded }
            #expect(try #require(lease.validUntil) > LeaseClock.continuous.now, "long before its time")
            // The server knows of no such session, and ends the true one when it is silent for long enough.
            scene.proxy.cut()
            let following = try await next.value
            #expect(following.fencingToken > lease.fencingToken)
            #expect(await lease.release() == .alreadyLost(.sessionEnded))
            #expect(following.state == .held)
            await following.release()
            try await scene.expectHealthy(after: following.fencingToken)
        }
    }

    @Test func `A waiter queues anew`() async throws {
        try await FaultScene.with(FaultScene.Options(session: .seconds(2))) { scene in
            let holder = try await scene.otherLock.acquire()
            let waiter = try await scene.queue(scene.lock)
            let old = try #require(try await scene.contenders().last)
            let next = try await scene.queue(scene.otherLock)
            let rule = scene.proxy.when(.handshake, .answerSession(Self.strange)) { $0.connection > 1 }
            scene.proxy.cut()
            try await rule.happened()
            scene.proxy.cut()
            try await waitUntil("the end of the old node") {
                try await !scene.contenders().contains { $0.name == old.name }
            }
            try await scene.waitUntilContended(by: 3)
            await holder.release()
            let following = try await next.value
            await following.release()
            let lease = try await waiter.value
            #expect(holder.fencingToken < following.fencingToken && following.fencingToken < lease.fencingToken)
            #expect(lease.fencingToken > FencingToken(rawValue: UInt64(old.czxid)))
            await lease.release()
            try await scene.expectHealthy(after: lease.fencingToken)
        }
    }
}
