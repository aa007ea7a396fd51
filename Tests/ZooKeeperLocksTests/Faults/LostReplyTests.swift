import DistributedLocks
import TestSupport
import Testing

@testable import ZooKeeperLocks

/// A connection that ends, or stands still, around each request that there is.
@Suite(.timeLimit(.minutes(3))) struct LostReplyTests {
    /// Which of an acquire's requests it happens to.
    private static let requests: [(ZooKeeperNaming, ZooKeeperOperation)] = [
        (.curator, .create2), (.curator, .getChildren), (.both, .multi), (.both, .exists), (.kazoo, .create2),
    ]

    @Test(arguments: NetworkFault.allCases, requests)
    func `Acquiring a free lock`(_ fault: NetworkFault, _ request: (ZooKeeperNaming, ZooKeeperOperation)) async throws {
        try await FaultScene.with(fault.options(request.0)) { scene in
            let lock = try scene.lock
            let outcome = try await fault.strike(request.1, in: scene) { try await lock.acquire(timeout: .seconds(20)) }
            if fault.isLate {
                #expect(outcome.isUnreachable, "\(outcome)")
                return try await scene.expectHealthy()
            }
            let lease = try outcome.get()
            #expect(lease.state == .held)
            #expect(try await scene.contenders().count == (request.0 == .both ? 2 : 1))
            #expect(try await scene.otherLock.tryAcquire() == nil)
            #expect(await lease.release() == .released)
            try await scene.expectHealthy(after: lease.fencingToken)
        }
    }

    @Test(arguments: NetworkFault.allCases, [ZooKeeperOperation.createContainer, .create2])
    func `Acquiring a lock whose node has to be made`(
        _ fault: NetworkFault,
        _ operation: ZooKeeperOperation
    ) async throws {
        var options = fault.options()
        options.hasDirectory = false
        try await FaultScene.with(options) { scene in
            let lock = try scene.lock
            let outcome = try await fault.strike(operation, in: scene) { try await lock.acquire(timeout: .seconds(20)) }
            if fault.isLate {
                #expect(outcome.isUnreachable, "\(outcome)")
                return try await scene.expectHealthy()
            }
            let lease = try outcome.get()
            #expect(try await scene.contenders().map(\.czxid) == [Int64(lease.fencingToken.rawValue)])
            #expect(await lease.release() == .released)
            try await scene.expectHealthy(after: lease.fencingToken)
        }
    }

    @Test(arguments: NetworkFault.allCases, [true, false])
    func `Trying to acquire`(_ fault: NetworkFault, _ isTaken: Bool) async throws {
        try await FaultScene.with(fault.options()) { scene in
            let lock = try scene.lock
            let obstacle = isTaken ? try await scene.otherLock.acquire() : nil
            let outcome = try await fault.strike(.create2, in: scene) { try await lock.tryAcquire() }
            if fault.isLate {
                #expect(outcome.isUnreachable, "\(outcome)")
            } else {
                let lease = try outcome.get()
                #expect((lease == nil) == isTaken)
                await lease?.release()
            }
            try await scene.waitUntilContended(by: isTaken ? 1 : 0)
            #expect(obstacle?.loss == nil)
            await obstacle?.release()
            try await scene.expectHealthy(after: obstacle?.fencingToken)
        }
    }

    @Test(arguments: NetworkFault.allCases, [ZooKeeperOperation.create2, .getChildren, .getData])
    func `Queueing`(_ fault: NetworkFault, _ operation: ZooKeeperOperation) async throws {
        try await FaultScene.with(fault.options()) { scene in
            let lock = try scene.lock
            let obstacle = try await scene.otherLock.acquire()
            let release = Task {
                guard !fault.isLate else { return }
                let node = try #require(try await scene.contenders().first)
                // The holder watches it as well.
                try await waitUntil("the waiter's watch") {
                    try await !scene.server.watchers(of: node.path).isDisjoint(with: scene.sessions)
                }
                await obstacle.release()
            }
            defer { release.cancel() }
            let outcome = try await fault.strike(operation, in: scene) { try await lock.acquire(timeout: .seconds(20)) }
            if fault.isLate {
                #expect(outcome.isUnreachable, "\(outcome)")
                try await scene.waitUntilContended(by: 1)
                await obstacle.release()
                return try await scene.expectHealthy(after: obstacle.fencingToken)
            }
            let lease = try outcome.get()
            try await release.value
            #expect(lease.fencingToken > obstacle.fencingToken && obstacle.loss == .released)
            #expect(await lease.release() == .released)
            try await scene.expectHealthy(after: lease.fencingToken)
        }
    }
}

extension LostReplyTests {
    @Test(arguments: NetworkFault.allCases, [ZooKeeperNaming.curator, .both])
    func `Releasing`(_ fault: NetworkFault, _ naming: ZooKeeperNaming) async throws {
        try await FaultScene.with(fault.options(naming)) { scene in
            let lease = try await scene.lock.acquire()
            let result = try await fault.strike(.delete, in: scene) { await lease.release() }.get()
            #expect(result == .released)
            try await scene.expectHealthy(after: lease.fencingToken)
        }
    }

    @Test(arguments: NetworkFault.allCases, [ZooKeeperNaming.curator, .both])
    func `Releasing to a waiter`(_ fault: NetworkFault, _ naming: ZooKeeperNaming) async throws {
        try await FaultScene.with(fault.options(naming)) { scene in
            let lease = try await scene.lock.acquire()
            let next = try await scene.queue(scene.otherLock)
            let result = try await fault.strike(.delete, in: scene) { await lease.release() }.get()
            #expect(result == .released)
            let following = try await next.value
            #expect(following.fencingToken > lease.fencingToken && following.state == .held)
            // What is sent again must not release what is not its owner's.
            #expect(try await scene.lock.tryAcquire() == nil)
            #expect(await following.release() == .released)
            try await scene.expectHealthy(after: following.fencingToken)
        }
    }

    @Test(arguments: NetworkFault.allCases)
    func `A waiter that leaves, since its time is up`(_ fault: NetworkFault) async throws {
        try await FaultScene.with(fault.options()) { scene in
            let lock = try scene.lock
            let obstacle = try await scene.otherLock.acquire()
            let outcome = try await fault.strike(.delete, in: scene) {
                try await lock.acquire(timeout: .milliseconds(300))
            }
            #expect(throws: LockError.self) { try outcome.get() }
            try await scene.waitUntilContended(by: 1)
            #expect(obstacle.state == .held)
            await obstacle.release()
            try await scene.expectHealthy(after: obstacle.fencingToken)
        }
    }

    @Test(arguments: NetworkFault.allCases)
    func `The first proof that a session lives, for a waiter that is woken`(_ fault: NetworkFault) async throws {
        var options = fault.options()
        options.session = .seconds(4)
        try await FaultScene.with(options) { scene in
            let obstacle = try await scene.otherLock.acquire()
            let waiter = try await scene.queue(scene.lock)
            _ = try await fault.strike(.multi, in: scene) {}
            await obstacle.release()
            let lease = try await waiter.value
            #expect(lease.fencingToken > obstacle.fencingToken)
            #expect(lease.loss == nil)
            #expect(await lease.release() == .released)
            try await scene.expectHealthy(after: lease.fencingToken)
        }
    }

    @Test(arguments: NetworkFault.allCases)
    func `Proofs that a session lives, while a lock is held`(_ fault: NetworkFault) async throws {
        var options = fault.options()
        options.session = .seconds(4)
        try await FaultScene.with(options) { scene in
            let lease = try await scene.lock.acquire()
            _ = try await fault.strike(.multi, in: scene) {}
            let end = try #require(lease.validUntil)
            try await waitUntil("the next renewal") { try #require(lease.validUntil) > end }
            #expect(lease.loss == nil)
            #expect(try await scene.otherLock.tryAcquire() == nil)
            #expect(await lease.release() == .released)
            try await scene.expectHealthy(after: lease.fencingToken)
        }
    }

    @Test(arguments: NetworkFault.allCases)
    func `Watching what is held`(_ fault: NetworkFault) async throws {
        try await FaultScene.with(fault.options()) { scene in
            let lock = try scene.lock
            let lease = try await fault.strike(.getData, in: scene) {
                let lease = try await lock.acquire()
                try await waitUntil("the request") { !scene.proxy.requests.filter { $0.operation == .getData }.isEmpty }
                return lease
            }.get()
            let node = try #require(try await scene.contenders().first)
            try await waitUntil("a watch") { try await scene.server.watchers(of: node.path).count == 1 }
            #expect(lease.state == .held)
            try await scene.server.inspector().delete(node.path)
            try await waitUntil("the loss") { lease.loss == .removed }
            await lease.release()
            try await scene.expectHealthy(after: lease.fencingToken)
        }
    }

    /// Attempts to connect come with a timeout of their own.
    @Test(arguments: NetworkFault.allCases, [0, 1])
    func `Connecting for the first time`(_ fault: NetworkFault, _ number: Int) async throws {
        var options = fault.options()
        options.isConnected = false
        options.requestTimeout = .seconds(3)
        try await FaultScene.with(options) { scene in
            let lock = try scene.lock
            let outcome = try await fault.strike(
                .handshake,
                in: scene,
                lateBy: .seconds(2),
                where: { $0.connection > number }
            ) {
                if number == 1 {
                    _ = try await lock.tryAcquire()
                    scene.proxy.cut()
                }
                return try await lock.acquire(timeout: .seconds(20))
            }
            // Who has never reached a server is told at once.
            if !outcome.isUnreachable { #expect(await outcome.value?.release() == .released) }
            #expect(number == 0 || !outcome.isUnreachable)
            try await scene.expectHealthy()
        }
    }

    @Test(arguments: NetworkFault.allCases, [ZooKeeperOperation.handshake, .setWatches])
    func `Coming back while a lock is held and another one awaited`(
        _ fault: NetworkFault,
        _ operation: ZooKeeperOperation
    ) async throws {
        var options = fault.options()
        options.requestTimeout = .seconds(3)
        try await FaultScene.with(options) { scene in
            let lease = try await scene.lock.acquire()
            let obstacle = try await scene.other.lock("b").acquire()
            let waiter = try await scene.queue(scene.service.lock("b"))
            _ = try await fault.strike(operation, in: scene, lateBy: .seconds(2), where: { $0.connection > 1 }) {
                scene.proxy.cut()
            }
            await obstacle.release()
            let second = try await waiter.value
            #expect(second.fencingToken > obstacle.fencingToken)
            #expect(lease.loss == nil)
            #expect(scene.sessions.count == 1, "a session survives all that")
            #expect(await second.release() == .released)
            #expect(await lease.release() == .released)
            try await scene.expectHealthy(after: second.fencingToken)
        }
    }
}

extension LostReplyTests {
    /// What is asked in turn when a holder is cut off; one look sets a watch.
    private static let cut: [(ZooKeeperOperation, setsWatch: Bool)] = [
        (.getChildren, false), (.getData, false), (.setData, false), (.getData, true), (.delete, false),
    ]

    @Test(arguments: NetworkFault.allCases, cut)
    func `Cutting a holder off`(
        _ fault: NetworkFault,
        _ request: (operation: ZooKeeperOperation, setsWatch: Bool)
    ) async throws {
        try await FaultScene.with(fault.options()) { scene in
            let lease = try await scene.otherLock.acquire()
            let next = try await scene.queue(scene.otherLock)
            let service = scene.service
            // A holder lets go by itself when it reads that it has to.
            let node = try #require(try await scene.contenders().first)
            try await waitUntil("a watch") { try await scene.server.watchers(of: node.path).count == 1 }
            let outcome = try await fault.strike(
                request.operation,
                in: scene,
                where: { $0.setsWatch == request.setsWatch }
            ) {
                try await service.forceRelease(FaultScene.name)
            }
            #expect(outcome.value != nil || outcome.isUnreachable, "\(outcome)")
            // A holder that may not have been told yet is not cut off.
            #expect(request.operation != .setData || outcome.isUnreachable)
            // Nobody knows then whether it has come to that; if one asks again, it may hit the next one.
            let isToBeRepeated = outcome.isUnreachable && lease.loss == nil
            if isToBeRepeated {
                try await waitUntil("a connection") { (try? await service.forceRelease(FaultScene.name)) != nil }
            }
            try await waitUntil("the loss") { lease.loss == .revoked || lease.loss == .removed }
            let following = try await next.value
            #expect(following.fencingToken > lease.fencingToken)
            #expect(isToBeRepeated || following.state == .held)
            await following.release()
            try await scene.expectHealthy(after: following.fencingToken)
        }
    }

    @Test(arguments: NetworkFault.allCases, [ZooKeeperOperation.getChildren, .getData])
    func `Looking who holds a lock`(_ fault: NetworkFault, _ operation: ZooKeeperOperation) async throws {
        try await FaultScene.with(fault.options()) { scene in
            let lease = try await scene.otherLock.acquire()
            let service = scene.service
            let outcome = try await fault.strike(operation, in: scene) {
                try await service.status(of: FaultScene.name)
            }
            // What was lost is asked again; what is late is too late.
            #expect(outcome.isUnreachable == fault.isLate, "\(outcome)")
            #expect(outcome.value?.holders.map(\.token) == [lease.fencingToken] || fault.isLate)
            try await waitUntil("an answer") {
                (try? await service.list())?.first?.holders.first?.token == lease.fencingToken
            }
            #expect(lease.state == .held)
            await lease.release()
            try await scene.expectHealthy(after: lease.fencingToken)
        }
    }
}
