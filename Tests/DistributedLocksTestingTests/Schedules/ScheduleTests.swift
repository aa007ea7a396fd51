import Foundation
import Testing

/// `DLOCK_SEEDS` says how many schedules are run; `DLOCK_SEED` runs one of them, many times, since the order in which tasks
/// run differs from time to time.
@Suite("Random schedules")
struct ScheduleTests {
    private static let chunkSize = 250

    static let chunks: [Range<UInt64>] = {
        let environment = ProcessInfo.processInfo.environment
        if let seed = environment["DLOCK_SEED"].flatMap(UInt64.init) {
            return Array(repeating: seed..<seed + 1, count: 1_000)
        }
        let count = environment["DLOCK_SEEDS"].flatMap(Int.init) ?? 10_000
        return stride(from: 0, to: count, by: chunkSize).map { UInt64($0)..<UInt64(min($0 + chunkSize, count)) }
    }()

    @Test("Exclusion, order, tokens and timely loss hold at any moment, and nothing is left", arguments: chunks.indices)
    func seeds(chunk: Int) async throws {
        var tally = Tally()
        for seed in Self.chunks[chunk] {
            let schedule = try Schedule(seed: seed)
            try await schedule.run()
            tally.count(schedule.trials)
        }
        if Self.chunks[chunk].count == Self.chunkSize {
            #expect(Set(tally.counts.keys) == Tally.everything, "all of it happens, and nothing else: \(tally.counts)")
        }
    }
}
