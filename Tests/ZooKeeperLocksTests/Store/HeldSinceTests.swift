import DistributedLocks
import TestSupport
import Testing

@testable import ZooKeeperLocks

@Suite(.timeLimit(.minutes(3))) struct HeldSinceTests {
    @Test(arguments: [ZooKeeperNaming.curator, .both])
    func `Once it has held for a second, the node of a holder says since when`(_ naming: ZooKeeperNaming) async throws {
        try await FaultScene.with(FaultScene.Options(naming: naming)) { scene in
            let first = try await scene.otherLock.acquire()
            let waiter = try await scene.queue(scene.lock)
            let waitingSince = try await scene.service.status(of: FaultScene.name).waiters.first?.holder.waitingSince
            try await Task.sleep(for: .milliseconds(300))
            let handOver = WallClock.system.now
            await first.release()
            let lease = try await waiter.value
            let granted = WallClock.system.now
            var holder: Holder?
            try await waitUntil("the time") {
                holder = try await scene.other.status(of: FaultScene.name).holders.first?.holder
                return holder?.heldSince != nil
            }
            let heldSince = try #require(holder?.heldSince)
            // A wall clock and a steady one may differ a little over so short a time.
            let slack: Int64 = 50_000
            #expect(heldSince.microseconds >= handOver.microseconds - slack)
            #expect(heldSince.microseconds <= granted.microseconds + slack)
            #expect(holder?.waitingSince == waitingSince && holder?.processID != nil)
            // Those who wait for it are told the same.
            let seen = Shared<[Contention]>([])
            let task = Task {
                try await scene.otherLock.acquire { contention in seen.withLock { $0.append(contention) } }
            }
            try await waitUntil("a waiter") { seen.withLock { $0.count } == 1 }
            #expect(seen.withLock { $0.flatMap(\.holders) }.map(\.heldSince) == [heldSince])
            // It has been no loss.
            #expect(lease.state == .held)
            await lease.release()
            let last = try await task.value
            await last.release()
            try await scene.expectHealthy(after: last.fencingToken)
        }
    }

    @Test func `What somebody else has written there is not overwritten`() async throws {
        try await FaultScene.with { scene in
            let lease = try await scene.lock.acquire()
            let node = try #require(try await scene.contenders().first)
            try await scene.server.inspector().set(node.path, data: "a note")
            let rule = scene.proxy.when(.setData, .holdReply)
            try await rule.happened()
            #expect(try await scene.contenders().map(\.data) == ["a note"])
            rule.letGo()
            await lease.release()
            try await scene.expectHealthy(after: lease.fencingToken)
        }
    }
}
