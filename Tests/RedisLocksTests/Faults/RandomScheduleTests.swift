import DistributedLocks
import DistributedLocksTesting
import Foundation
import TestSupport
import Testing

@testable import RedisLocks

@Suite("Random schedules on a server, with a network that breaks")
struct RandomScheduleTests {
    private static let ttl = Duration.milliseconds(400)
    private static let runsPerChunk = 40
    private static let chunks: Range<UInt64> = {
        let asked = ProcessInfo.processInfo.environment["DLOCK_SEEDS"].flatMap(UInt64.init) ?? 0
        return 0..<max(6, asked / 1_000)
    }()

    @Test("never two at a time, and nothing is left", arguments: chunks)
    func chunk(_ chunk: UInt64) async throws {
        let kind = ServerKind.allCases[Int(chunk) % ServerKind.allCases.count]
        var granted = 0
        try await TestRedisServer.with(kind) { server in
            try await FaultProxy.with(server) { proxy in
                for run in 0..<Self.runsPerChunk {
                    let seed = chunk * 1_000 + UInt64(run)
                    granted += try await Self.run(seed, server, proxy)
                }
            }
        }
        #expect(granted > Self.runsPerChunk, "\(granted) grants: these schedules are not worth anything")
    }

    /// - Returns: How often somebody had a lock.
    private static func run(_ seed: UInt64, _ server: TestRedisServer, _ proxy: FaultProxy) async throws -> Int {
        var random = SeededGenerator(seed: seed)
        let names = ["\(seed)/a", "{\(seed)}/b"]
        let referee = Referee()
        let services = try (0..<3).map { _ in
            FaultScene.makeService(try FaultScene.makeStore(port: proxy.port), ttl: ttl)
        }
        await withTaskGroup { group in
            for task in 0..<9 {
                var random = SeededGenerator(seed: random.next())
                let service = services[task % services.count]
                group.addTask { await participate(service, names, referee, &random) }
            }
            for _ in 0..<Int.random(in: 0...3, using: &random) {
                try? await Task.sleep(for: .milliseconds(Int.random(in: 1...60, using: &random)))
                proxy.cut()
            }
        }
        try await expectRest(seed, names, server, services, referee)
        for service in services { await service.close() }
        return referee.count
    }

    private static func participate(
        _ service: LockService,
        _ names: [String],
        _ referee: Referee,
        _ random: inout SeededGenerator
    ) async {
        for _ in 0..<4 {
            let name = names[Int.random(in: 0..<names.count, using: &random)]
            guard let lock = try? service.lock(name) else { return referee.foul("no lock") }
            let kind = Int.random(in: 0..<4, using: &random)
            let patience = Duration.milliseconds(Int.random(in: 1...150, using: &random))
            let hold = Duration.milliseconds(Int.random(in: 0...15, using: &random))
            let task = Task {
                let lease =
                    switch kind {
                    case 0: try await lock.tryAcquire()
                    case 1: try await lock.acquire(timeout: patience)
                    default: try await lock.acquire(timeout: .seconds(5))
                    }
                guard let lease else { return }
                referee.enter(name, lease)
                try? await Task.sleep(for: hold)
                referee.leave(name, lease)
                await lease.release()
            }
            if kind == 3 {
                try? await Task.sleep(for: patience / 2)
                task.cancel()
            }
            _ = await task.result
        }
    }

    /// Everything is free and empty after a lease, everybody can go on, and tokens have increased.
    private static func expectRest(
        _ seed: UInt64,
        _ names: [String],
        _ server: TestRedisServer,
        _ services: [LockService],
        _ referee: Referee
    ) async throws {
        try await waitUntil("an empty server after seed \(seed)", within: ttl + .seconds(5)) {
            try await server.remainsOfLocks().isEmpty
        }
        #expect(referee.fouls.isEmpty, "seed \(seed)")
        for (index, service) in services.enumerated() {
            let name = names[index % names.count]
            try await waitUntil("a client that goes on after seed \(seed)") {
                guard let lease = try? await service.lock(name).acquire(timeout: .seconds(5)) else { return false }
                if let last = referee.last(name) { #expect(lease.fencingToken > last, "seed \(seed)") }
                return await lease.release() == .released
            }
        }
        try await server.command(["FLUSHALL"])
    }
}
