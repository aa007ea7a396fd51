import DistributedLocks
import TestSupport
import Testing

@testable import RedisLocks

@Suite("Strangers that change our keys, and administrators that end our connections")
struct StrangerTests {
    /// What strangers do to a held key.
    static let deeds: [[String]] = [
        ["DEL", FaultScene.name], ["UNLINK", FaultScene.name], ["FLUSHALL"], ["FLUSHDB"],
        ["SET", FaultScene.name, "theirs"],
        ["RENAME", FaultScene.name, "elsewhere"], ["PEXPIRE", FaultScene.name, "1"], ["APPEND", FaultScene.name, ""],
        ["GETDEL", FaultScene.name],
    ]

    @Test("a holder learns at once that it has lost its lock", arguments: deeds, ServerKind.allCases)
    func loss(_ deed: [String], _ kind: ServerKind) async throws {
        try await FaultScene.with(kind) { scene in
            // Nothing else can tell: the first renewal is far away.
            let service = FaultScene.makeService(scene.store, ttl: .seconds(60))
            let lease = try await service.lock(FaultScene.name).acquire()
            try await waitUntil("a watch") { scene.proxy.commands.contains { $0.name == "MGET" } }
            // The reply to this one comes after that to the watch.
            _ = try await service.status(of: "other")
            try await scene.server.command(deed)
            if deed[0] == "APPEND" {
                // It has been touched, and is still ours.
                try await waitUntil("another look") { scene.proxy.commands.count { $0.name == "MGET" } >= 2 }
                _ = try await service.status(of: "other")
                #expect(lease.state == .held)
                #expect(await lease.release() == .released)
            } else {
                try await waitUntil("the loss") { lease.state.lossReason == .removed }
                #expect(await lease.release() == .alreadyLost(.removed))
            }
            try await scene.server.command(["DEL", FaultScene.name, "elsewhere"])
            try await scene.expectHealthy()
        }
    }

    @Test("a held key that is evicted")
    func eviction() async throws {
        try await FaultScene.with { scene in
            let service = FaultScene.makeService(scene.store, ttl: .seconds(60))
            let lease = try await service.lock(FaultScene.name).acquire()
            try await waitUntil("a watch") { scene.proxy.commands.contains { $0.name == "MGET" } }
            _ = try await service.status(of: "other")
            try await scene.server.command(["CONFIG", "SET", "maxmemory-policy", "allkeys-random"])
            try await scene.server.command(["CONFIG", "SET", "maxmemory", "1"])
            try await scene.server.command(["GET", "anything"])
            try await scene.server.command(["CONFIG", "SET", "maxmemory", "0"])
            try await waitUntil("the loss") { lease.state.lossReason == .removed }
            await lease.release()
            try await scene.expectHealthy(after: lease.fencingToken)
        }
    }

    @Test("everything is deleted while others wait: the first of them is next", arguments: ServerKind.allCases)
    func flushWhileWaiting(_ kind: ServerKind) async throws {
        try await FaultScene.with(kind) { scene in
            let lock = try scene.lock
            let obstacle = try await scene.otherLock.acquire()
            let first = Task { try await lock.acquire(timeout: .seconds(10)) }
            try await scene.waitUntilQueued(1)
            let second = Task { try await lock.acquire(timeout: .seconds(10)) }
            try await scene.waitUntilQueued(2)
            try await scene.server.command(["FLUSHALL"])
            let one = try await first.value
            try await waitUntil("the loss") { obstacle.state.lossReason != nil }
            try await scene.waitUntilQueued(1)
            #expect(await one.release() == .released)
            let two = try await second.value
            #expect(two.fencingToken > one.fencingToken && one.fencingToken > obstacle.fencingToken)
            #expect(await two.release() == .released)
            await obstacle.release()
            try await scene.expectHealthy(after: two.fencingToken)
        }
    }

    @Test("a key of another type: waiting ends in time, and leaves nothing")
    func otherType() async throws {
        try await FaultScene.with { scene in
            try await scene.server.command(["HSET", FaultScene.name, "a", "1"])
            #expect(try await scene.lock.tryAcquire() == nil)
            let error = await LockError.thrown { try await scene.lock.acquire(timeout: .milliseconds(300)) }
            #expect(error?.kind == "timedOut" && "\(error as Any)".contains("a key of type hash"), "\(error as Any)")
            let status = try await scene.service.status(of: FaultScene.name)
            #expect(status.holders.first?.holder.label == "a key of type hash" && status.waiters.isEmpty)
            #expect(try await scene.remains() == [FaultScene.name])
            #expect(try await scene.server.command(["HGET", FaultScene.name, "a"]).number == 1)
            let waiter = Task { try await scene.lock.acquire(timeout: .seconds(10)) }
            try await scene.waitUntilQueued(1)
            try await scene.server.command(["DEL", FaultScene.name])
            #expect(await (try waiter.value).release() == .released)
            try await scene.expectHealthy()
        }
    }

    @Test(
        "another program's lock, with an end or without: it is waited for, and noticed when it goes",
        arguments: [true, false]
    )
    func foreignLock(_ expires: Bool) async throws {
        try await FaultScene.with { scene in
            try await scene.server.command(["SET", FaultScene.name, "theirs"] + (expires ? ["PX", "700"] : []))
            let waiter = Task { try await scene.lock.acquire(timeout: .seconds(10)) }
            try await scene.waitUntilQueued(1)
            let status = try await scene.service.status(of: FaultScene.name)
            #expect(status.holders.first?.holder.label == "another program's lock" && status.waiters.count == 1)
            #expect((status.holders.first?.remaining == nil) == !expires)
            if !expires { try await scene.server.command(["DEL", FaultScene.name]) }
            #expect(await (try waiter.value).release() == .released)
            try await scene.expectHealthy()
        }
    }

    @Test("our connection is killed while a lock is held, and while one is waited for")
    func killed() async throws {
        try await FaultScene.with { scene in
            let service = FaultScene.makeService(scene.store, ttl: .seconds(20))
            let lease = try await service.lock("held").acquire()
            let obstacle = try await scene.otherLock.acquire()
            let waiter = Task { try await service.lock(FaultScene.name).acquire(timeout: .seconds(20)) }
            try await scene.waitUntilQueued(1)
            for _ in 0..<3 {
                let count = scene.proxy.acceptedCount
                scene.proxy.cut()
                try await waitUntil("another connection") { scene.proxy.acceptedCount > count }
            }
            try await scene.server.command(["CLIENT", "KILL", "TYPE", "pubsub"])
            _ = try await service.status(of: "other")
            #expect(lease.state == .held)
            await obstacle.release()
            let next = try await waiter.value
            #expect(next.fencingToken > obstacle.fencingToken)
            #expect(await next.release() == .released)
            #expect(await lease.release() == .released)
            try await scene.expectHealthy(after: next.fencingToken)
        }
    }

    @Test("a key that is deleted while the connection is down is missed when it is up again")
    func deletedWhileDown() async throws {
        try await FaultScene.with { scene in
            let service = FaultScene.makeService(scene.store, ttl: .seconds(60))
            let lease = try await service.lock(FaultScene.name).acquire()
            scene.proxy.refuse()
            scene.proxy.cut()
            try await scene.server.command(["DEL", FaultScene.name])
            try scene.proxy.accept()
            try await waitUntil("the loss") { lease.state.lossReason == .removed }
            await lease.release()
            try await scene.expectHealthy(after: lease.fencingToken)
        }
    }

    @Test("scripts are forgotten between any two commands", arguments: ServerKind.allCases)
    func scriptFlush(_ kind: ServerKind) async throws {
        try await FaultScene.with(kind) { scene in
            let flush = ["SCRIPT", "FLUSH"]
            try await scene.server.command(flush)
            let lease = try await scene.lock.acquire()
            let waiter = Task { try await scene.otherLock.acquire(timeout: .seconds(10)) }
            try await scene.waitUntilQueued(1)
            for _ in 0..<5 {
                try await scene.server.command(flush)
                scene.proxy.forget()
                try await waitUntil("a renewal") { scene.proxy.commands.contains { $0.name == "EVAL" } }
                #expect(try await scene.service.status(of: FaultScene.name).waiters.count == 1)
            }
            #expect(lease.state.lossReason == nil)
            try await scene.server.command(flush)
            #expect(await lease.release() == .released)
            #expect(await (try waiter.value).release() == .released)
            try await scene.expectHealthy(after: lease.fencingToken)
        }
    }
}
