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
                // The watch is set as well.
                try await waitUntil("a watch") {
                    try await scene.server.watchers(of: scene.contenders()[0].path).count == 1
                }
                await obstacle.release()
            }
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
