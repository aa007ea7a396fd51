import DistributedLocks
import TestSupport
import Testing

@testable import RedisLocks

@Suite("Waiters that the server has forgotten")
struct ForgottenWaiterTests {
    /// Makes the server forget who waits; refusals stay, as that of some other claim.
    private func forgetWaiters(_ scene: FaultScene) async throws {
        let keys = try LockKeys(LockName(FaultScene.name), prefix: "")
        try await scene.server.command(["DEL", keys.waiters, keys.queue])
        try await scene.server.command(["HSET", keys.waiters, "gone:other", "9000000000000000"])
        try await scene.server.command(["PEXPIRE", keys.waiters, "60000"])
    }

    @Test("one that asks again, and is told twice that it has the lock, keeps it")
    func grantedTwice() async throws {
        try await FaultScene.with { scene in
            try await scene.server.command(["SET", FaultScene.name, "theirs"])
            let service = FaultScene.makeService(scene.store, ttl: .seconds(20))
            let waiter = Task { try await service.lock(FaultScene.name).acquire(timeout: .seconds(10)) }
            try await scene.waitUntilQueued(1)
            try await forgetWaiters(scene)
            try await scene.server.command(["DEL", FaultScene.name])
            let lease = try await waiter.value
            for _ in 0..<50 {
                try #require(
                    try await scene.other.status(of: FaultScene.name).holders.first?.token == lease.fencingToken
                )
            }
            #expect(try await scene.otherLock.tryAcquire() == nil)
            #expect(lease.state == .held)
            #expect(await lease.release() == .released)
            try await scene.expectHealthy(after: lease.fencingToken)
        }
    }

    @Test("many that ask again get the lock one after the other, each alone")
    func many() async throws {
        try await FaultScene.with { scene in
            let service = FaultScene.makeService(scene.store, ttl: .seconds(20))
            let referee = Referee()
            for round in 0..<5 {
                let obstacle = try await scene.otherLock.acquire()
                try await withThrowingTaskGroup { group in
                    for _ in 0..<12 {
                        group.addTask {
                            try await service.lock(FaultScene.name).withLock(timeout: .seconds(10)) { lease in
                                referee.enter(FaultScene.name, lease)
                                await Task.yield()
                                if lease.state != .held { referee.foul("lost in round \(round)") }
                                referee.leave(FaultScene.name, lease)
                            }
                        }
                    }
                    try await scene.waitUntilQueued(12)
                    try await scene.server.command(["FLUSHALL"])
                    try await waitUntil("the loss") { obstacle.state.lossReason != nil }
                    try await group.waitForAll()
                }
                await obstacle.release()
            }
            #expect(referee.fouls.isEmpty)
            #expect(referee.count == 60)
            try await scene.expectHealthy()
        }
    }
}
