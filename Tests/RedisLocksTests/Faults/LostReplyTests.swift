import DistributedLocks
import TestSupport
import Testing

@testable import RedisLocks

@Suite("Requests and replies that get lost")
struct LostReplyTests {
    @Test("acquire, nobody in the way", arguments: NetworkFault.allCases)
    func acquire(_ fault: NetworkFault) async throws {
        try await FaultScene.with(requestTimeout: fault.requestTimeout) { scene in
            let lock = try scene.lock
            let outcome = try await fault.strike(in: scene, { $0.runs(.acquire) }) {
                try await lock.acquire(timeout: .seconds(5))
            }
            if fault == .replyLate {
                #expect(outcome.lockError?.kind == "unreachable")
                return try await scene.expectHealthy()
            }
            let lease = try outcome.get()
            #expect(lease.state == .held)
            #expect(try await scene.otherLock.tryAcquire() == nil)
            #expect(await lease.release() == .released)
            try await scene.expectHealthy(after: lease.fencingToken)
        }
    }

    @Test(
        "acquire that does not wait, with somebody in the way or not",
        arguments: NetworkFault.allCases,
        [true, false]
    )
    func tryAcquire(_ fault: NetworkFault, _ isTaken: Bool) async throws {
        try await FaultScene.with(requestTimeout: fault.requestTimeout) { scene in
            let lock = try scene.lock
            let obstacle = isTaken ? try await scene.otherLock.acquire() : nil
            let outcome = try await fault.strike(in: scene, { $0.runs(.acquire) }) { try await lock.tryAcquire() }
            if fault == .replyLate {
                #expect(outcome.lockError?.kind == "unreachable")
            } else {
                let lease = try outcome.get()
                #expect((lease == nil) == isTaken)
                await lease?.release()
            }
            await obstacle?.release()
            try await scene.expectHealthy(after: obstacle?.fencingToken)
        }
    }

    @Test("acquire that queues", arguments: NetworkFault.allCases)
    func queue(_ fault: NetworkFault) async throws {
        try await FaultScene.with(requestTimeout: fault.requestTimeout) { scene in
            let lock = try scene.lock
            let obstacle = try await scene.otherLock.acquire()
            let release = Task {
                guard fault != .replyLate else { return }
                try await scene.waitUntilQueued(1)
                await obstacle.release()
            }
            let outcome = try await fault.strike(in: scene, { $0.runs(.acquire) }) {
                try await lock.acquire(timeout: .seconds(10))
            }
            if fault == .replyLate {
                #expect(outcome.lockError?.kind == "unreachable")
                try await scene.waitUntilQueued(0)
                await obstacle.release()
                return try await scene.expectHealthy(after: obstacle.fencingToken)
            }
            try await release.value
            let lease = try outcome.get()
            #expect(lease.fencingToken > obstacle.fencingToken && obstacle.state.lossReason == .released)
            #expect(await lease.release() == .released)
            try await scene.expectHealthy(after: lease.fencingToken)
        }
    }

    @Test("release that frees the lock", arguments: NetworkFault.allCases)
    func release(_ fault: NetworkFault) async throws {
        try await FaultScene.with(requestTimeout: fault.requestTimeout) { scene in
            let lease = try await scene.lock.acquire()
            let result = try await fault.strike(in: scene, { $0.runs(.release) }) { await lease.release() }.get()
            #expect(result == .released)
            try await scene.expectHealthy(after: lease.fencingToken)
        }
    }

    @Test("release that hands over", arguments: NetworkFault.allCases)
    func handOver(_ fault: NetworkFault) async throws {
        try await FaultScene.with(requestTimeout: fault.requestTimeout) { scene in
            let lease = try await scene.lock.acquire()
            let otherLock = try scene.otherLock
            let next = Task { try await otherLock.acquire(timeout: .seconds(10)) }
            try await scene.waitUntilQueued(1)
            let result = try await fault.strike(in: scene, { $0.runs(.release) }) { await lease.release() }.get()
            #expect(result == .released)
            let following = try await next.value
            #expect(following.fencingToken > lease.fencingToken && following.state == .held)
            // What is sent again must not release what is not its owner's.
            #expect(try await scene.lock.tryAcquire() == nil)
            #expect(await following.release() == .released)
            try await scene.expectHealthy(after: following.fencingToken)
        }
    }

    @Test("a waiter that leaves", arguments: NetworkFault.allCases)
    func withdrawal(_ fault: NetworkFault) async throws {
        try await FaultScene.with(requestTimeout: fault.requestTimeout) { scene in
            let lock = try scene.lock
            let obstacle = try await scene.otherLock.acquire()
            let outcome = try await fault.strike(in: scene, { $0.runs(.release) }) {
                try await lock.acquire(timeout: .milliseconds(200))
            }
            let kind = outcome.lockError?.kind
            #expect(kind == "timedOut" || kind == "unreachable", "\(outcome)")
            try await scene.waitUntilQueued(0)
            #expect(obstacle.state == .held)
            await obstacle.release()
            try await scene.expectHealthy(after: obstacle.fencingToken)
        }
    }

    @Test("renewal: the lease goes on", arguments: NetworkFault.allCases)
    func renew(_ fault: NetworkFault) async throws {
        try await FaultScene.with(requestTimeout: fault.requestTimeout) { scene in
            let service = FaultScene.makeService(scene.store, ttl: .seconds(3))
            let lease = try await service.lock(FaultScene.name).acquire()
            _ = try await fault.strike(in: scene, { $0.runs(.renew) }) {}
            scene.proxy.forget()
            try await waitUntil("the next renewals") { scene.proxy.commands.count { $0.runs(.renew) } >= 2 }
            #expect(lease.state.lossReason == nil)
            #expect(try await scene.otherLock.tryAcquire() == nil)
            #expect(await lease.release() == .released)
            try await scene.expectHealthy(after: lease.fencingToken)
        }
    }

    @Test("a waiter that confirms its place", arguments: NetworkFault.allCases)
    func beat(_ fault: NetworkFault) async throws {
        try await FaultScene.with(requestTimeout: fault.requestTimeout) { scene in
            let lock = try scene.lock
            let obstacle = try await scene.otherLock.acquire()
            let waiter = Task { try await lock.acquire(timeout: .seconds(10)) }
            _ = try await fault.strike(in: scene, { $0.runs(.beat) }) {}
            scene.proxy.forget()
            try await waitUntil("the next beat") { scene.proxy.commands.contains { $0.runs(.beat) } }
            await obstacle.release()
            let lease = try await waiter.value
            #expect(lease.fencingToken > obstacle.fencingToken)
            #expect(await lease.release() == .released)
            try await scene.expectHealthy(after: lease.fencingToken)
        }
    }

    @Test("a lock is handed over while the waiter's connection is down")
    func handOverWhileDown() async throws {
        try await FaultScene.with { scene in
            let lock = try scene.lock
            let obstacle = try await scene.otherLock.acquire()
            let waiter = Task { try await lock.acquire(timeout: .seconds(10)) }
            try await scene.waitUntilQueued(1)
            scene.proxy.refuse()
            scene.proxy.cut()
            try await waitUntil("the end of the connections") { scene.proxy.connectionCount == 0 }
            await obstacle.release()
            try scene.proxy.accept()
            let lease = try await waiter.value
            #expect(lease.fencingToken > obstacle.fencingToken)
            #expect(await lease.release() == .released)
            try await scene.expectHealthy(after: lease.fencingToken)
        }
    }

    @Test("status", arguments: NetworkFault.allCases)
    func status(_ fault: NetworkFault) async throws {
        try await FaultScene.with(requestTimeout: fault.requestTimeout) { scene in
            let obstacle = try await scene.otherLock.acquire()
            let service = scene.service
            let outcome = try await fault.strike(in: scene, { $0.runs(.status) }) {
                try await service.status(of: FaultScene.name)
            }
            // Nothing was changed, so it was asked again, unless there was no time left.
            #expect(outcome.lockError?.kind == (fault == .replyLate ? "unreachable" : nil))
            try await waitUntil("a status") {
                guard let status = try? await service.status(of: FaultScene.name) else { return false }
                return status.holders.count == 1
            }
            #expect(obstacle.state == .held)
            await obstacle.release()
            try await scene.expectHealthy(after: obstacle.fencingToken)
        }
    }

    @Test("forced release", arguments: NetworkFault.allCases)
    func force(_ fault: NetworkFault) async throws {
        try await FaultScene.with(requestTimeout: fault.requestTimeout) { scene in
            let victim = try await scene.otherLock.acquire()
            let service = scene.service
            let outcome = try await fault.strike(in: scene, { $0.runs(.force) }) {
                try await service.forceRelease(FaultScene.name)
            }
            #expect(outcome.lockError?.kind == "unreachable")
            if fault == .requestLost {
                #expect(victim.state == .held)
                await victim.release()
            } else {
                try await waitUntil("the loss") { victim.state.lossReason == .revoked }
            }
            try await scene.expectHealthy(after: victim.fencingToken)
            #expect(try await service.forceRelease(FaultScene.name).isEmpty)
        }
    }

    @Test(
        "opening the first connection",
        arguments: NetworkFault.allCases,
        ["HELLO", "CLIENT", "SUBSCRIBE", "PUBLISH"]
    )
    func connect(_ fault: NetworkFault, _ command: String) async throws {
        try await FaultScene.with(requestTimeout: fault.requestTimeout, isConnected: false) { scene in
            let lock = try scene.lock
            let outcome = try await fault.strike(in: scene, { $0.name == command }) {
                try await lock.acquire(timeout: .seconds(5))
            }
            #expect(outcome.lockError?.kind == "unreachable", "\(outcome)")
            try await scene.expectHealthy()
        }
    }

    @Test("opening another connection, while a lock is held", arguments: NetworkFault.allCases, ["HELLO", "SUBSCRIBE"])
    func reconnect(_ fault: NetworkFault, _ command: String) async throws {
        try await FaultScene.with(requestTimeout: fault.requestTimeout) { scene in
            let service = FaultScene.makeService(scene.store, ttl: .seconds(3))
            let lease = try await service.lock(FaultScene.name).acquire()
            let proxy = scene.proxy
            _ = try await fault.strike(in: scene, { $0.name == command }) { proxy.cut() }
            proxy.forget()
            try await waitUntil("a renewal") { proxy.commands.contains { $0.runs(.renew) } }
            #expect(lease.state.lossReason == nil)
            #expect(await lease.release() == .released)
            try await scene.expectHealthy(after: lease.fencingToken)
        }
    }

    @Test("watching what is held", arguments: NetworkFault.allCases, ["CLIENT", "MGET"])
    func watch(_ fault: NetworkFault, _ command: String) async throws {
        try await FaultScene.with(requestTimeout: fault.requestTimeout) { scene in
            let service = FaultScene.makeService(scene.store, ttl: .seconds(3))
            let lease = try await service.lock(FaultScene.name).acquire()
            _ = try await fault.strike(
                in: scene,
                { $0.name == command && ($0.name == "MGET" || $0.text(1) == "CACHING") }
            ) {}
            // It is watched again, at the latest with the next renewal.
            scene.proxy.forget()
            try await waitUntil("the next watch") {
                scene.proxy.commands.contains { $0.name == "MGET" || $0.runs(.renew) }
            }
            #expect(lease.state.lossReason == nil)
            try await scene.server.command(["DEL", FaultScene.name])
            try await waitUntil("the loss") { lease.state.lossReason == .removed }
            await lease.release()
            try await scene.expectHealthy(after: lease.fencingToken)
        }
    }
}
