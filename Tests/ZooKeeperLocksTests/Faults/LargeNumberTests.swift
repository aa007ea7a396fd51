import DistributedLocks
import TestSupport
import Testing

@testable import ZooKeeperLocks

/// The number at the end of a contender's name has 32 bits. A server repeats the last one for ever, or goes on with negative
/// ones; it takes two thousand million contenders on one node, so that the server here is not a real one.
@Suite(.timeLimit(.minutes(3))) struct LargeNumberTests {
    /// Where the counter stands at first.
    private static let counters: [Int32] = [.max - 3, .max, .min, -3, .max - 1_000_002]

    @Test(arguments: counters, [ZooKeeperNaming.curator, .both])
    func `One after the other, in the order in which they came`(_ counter: Int32, _ naming: ZooKeeperNaming)
        async throws
    {
        try await FakeZooKeeperServer.with { server in
            try await server.command { zooKeeper in
                try zooKeeper.create("/locks")
                try zooKeeper.create("/locks/job")
                zooKeeper.setCounter("/locks/job", counter)
            }
            let services = try (0..<3).map { _ in
                let options = FaultScene.Options(naming: naming)
                return LockService(try FaultScene.makeStore(port: server.ports[0], "/locks", options))
            }
            let log = try ContestLog()
            let first = try await services[0].lock("job").acquire()
            var turns: [Task<Void, any Error>] = []
            for number in 0..<12 {
                let lock = try services[number % 3].lock("job")
                let hasQueued = Latch<Void>()
                turns.append(
                    Task {
                        let lease = try await lock.acquire { _ in hasQueued.open(()) }
                        try await log.hold(as: "\(number)", token: Int(lease.fencingToken.rawValue))
                        await lease.release()
                    }
                )
                try await waitUntil("a waiter") { hasQueued.current != nil }
                #expect(try await lock.tryAcquire() == nil)
            }
            let status = try await services[1].status(of: "job")
            #expect(status.holders.map(\.token) == [first.fencingToken])
            #expect(status.waiters.count == 12)
            #expect(await first.release() == .released)
            for turn in turns { try await turn.value }
            #expect(log.holds.map(\.name) == (0..<12).map { "\($0)" })
            #expect(log.overlaps.isEmpty && log.disorder.isEmpty)
            let nodes = try await server.command { $0.head.node("/locks/job")?.children.count }
            #expect(nodes == 0)
            for service in services { await service.close() }
        }
    }
}
