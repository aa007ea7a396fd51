import Foundation
import Testing

/// `DLOCK_SEEDS` says how many schedules are run; `DLOCK_SEED` runs one of them, many times, since the order in which tasks
/// run differs from time to time.
@Suite("Random schedules: exclusion, order, tokens and timely loss hold at any moment, and nothing is left")
struct ScheduleTests {
    private static let chunkSize = 500

    /// Leases expire in schedules with an even seed.
    static let chunks: [Range<UInt64>] = {
        let environment = ProcessInfo.processInfo.environment
        if let seed = environment["DLOCK_SEED"].flatMap(UInt64.init) {
            return Array(repeating: seed..<seed + 1, count: 1_000)
        }
        let count = environment["DLOCK_SEEDS"].flatMap(Int.init) ?? 10_000
        return stride(from: 0, to: count, by: chunkSize).map { UInt64($0)..<UInt64(min($0 + chunkSize, count)) }
    }()

    // Two tests side by side are enough to keep the processors busy, and leave room for those that measure real time.
    @Test("Claims that expire", .serialized, arguments: chunks.indices)
    func expiring(chunk: Int) async throws {
        try await run(Self.chunks[chunk], expires: true)
    }

    @Test("Claims that last", .serialized, arguments: chunks.indices)
    func lasting(chunk: Int) async throws {
        try await run(Self.chunks[chunk], expires: false)
    }

    private func run(_ seeds: Range<UInt64>, expires: Bool) async throws {
        var tally = Tally()
        for seed in seeds where (seed % 2 == 0) == expires {
            let schedule = try Schedule(seed: seed)
            try await schedule.run()
            tally.count(schedule.trials)
        }
        if seeds.count == Self.chunkSize {
            let everything = Tally.everything(expires: expires)
            #expect(Set(tally.counts.keys) == everything, "all of it happens, and nothing else: \(tally.counts)")
        }
    }
}
