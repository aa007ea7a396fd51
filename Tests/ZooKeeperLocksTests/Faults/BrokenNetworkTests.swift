import DistributedLocks
import DistributedLocksTesting
import Foundation
import TestSupport
import Testing

@testable import ZooKeeperLocks

/// Clients that want one lock all the time, over a network that breaks all the time. `DLOCK_SEEDS` says how many schedules.
@Suite(.timeLimit(.minutes(3))) struct BrokenNetworkTests {
    private static let seeds: Range<UInt64> = {
        let asked = ProcessInfo.processInfo.environment["DLOCK_SEEDS"].flatMap(UInt64.init) ?? 0
        return 0..<max(6, asked / 10_000)
    }()
    private static let duration = Duration.seconds(6)

    @Test(arguments: seeds)
    func `Never two at a time, tokens grow, nothing is left, and everybody goes on`(_ seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        let naming = ZooKeeperNaming.allCases[Int(seed % 3)]
        let options = FaultScene.Options(session: .seconds(1), requestTimeout: .milliseconds(800), naming: naming)
        let umpire = Umpire()
        try await FaultScene.with(options) { scene in
            let direct = LockService(try FaultScene.makeStore(port: scene.server.port, scene.root, options))
            let end = ContinuousClock.now + Self.duration
            await withTaskGroup { group in
                for number in 0..<6 {
                    let service = number % 2 == 0 ? scene.service : direct
                    var random = SeededGenerator(seed: random.next())
                    group.addTask { await Self.participate(service, umpire, until: end, &random) }
                }
                await Self.disturb(scene.proxy, until: end, &random)
            }
            #expect(umpire.fouls.isEmpty)
            #expect(umpire.count > 5, "this schedule is not worth anything")
            await direct.close()
            await scene.service.drain()
            try await scene.waitUntilEmpty()
            try await scene.expectHealthy(after: umpire.last)
        }
    }

    private static func participate(
        _ service: LockService,
        _ umpire: Umpire,
        until end: ContinuousClock.Instant,
        _ random: inout SeededGenerator
    ) async {
        while ContinuousClock.now < end {
            let kind = Int.random(in: 0..<4, using: &random)
            let patience = Duration.milliseconds(Int.random(in: 1...1_500, using: &random))
            // Some hold it for longer than a session lasts.
            let longest = Int.random(in: 0..<5, using: &random) == 0 ? 2_500 : 40
            let hold = Duration.milliseconds(Int.random(in: 0...longest, using: &random))
            let task = Task {
                let lock = try service.lock(FaultScene.name)
                let lease = kind == 0 ? try await lock.tryAcquire() : try await lock.acquire(timeout: patience)
                guard let lease else { return }
                umpire.enter(lease)
                try? await Task.sleep(for: hold)
                umpire.leave(lease)
                await lease.release()
            }
            if kind == 3 {
                try? await Task.sleep(for: patience / 4)
                task.cancel()
            }
            _ = await task.result
        }
    }

    /// Breaks the network, and mends it again, again and again.
    private static func disturb(
        _ proxy: ZooKeeperProxy,
        until end: ContinuousClock.Instant,
        _ random: inout SeededGenerator
    ) async {
        func pause(_ range: ClosedRange<Int>) async {
            try? await Task.sleep(for: .milliseconds(Int.random(in: range, using: &random)))
        }
        while ContinuousClock.now < end {
            await pause(1...200)
            switch Int.random(in: 0..<6, using: &random) {
            case 0, 1: proxy.cut()
            case 2: proxy.stall()
            case 3: proxy.stall(.requests)
            case 4: proxy.stall(.replies)
            default: proxy.refuse()
            }
            // Sessions last for a second.
            await pause(Bool.random(using: &random) ? 1...100 : 200...1_800)
            proxy.flow()
            try? proxy.accept()
        }
    }
}
