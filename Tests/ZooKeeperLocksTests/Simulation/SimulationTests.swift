import Foundation
import Testing

/// One simulation for each 20 `DLOCK_SEEDS` is run, if that is more than the usual number; `DLOCK_SEED` runs one of them alone.
@Suite("The store on a simulated ensemble: nothing that is promised fails, whatever goes wrong")
struct SimulationTests {
    private static let chunkSize: UInt64 = 50

    static let chunks: [Range<UInt64>] = {
        let environment = ProcessInfo.processInfo.environment
        if let seed = environment["DLOCK_SEED"].flatMap(UInt64.init) { return [seed..<seed + 1] }
        let count = max((environment["DLOCK_SEEDS"].flatMap(UInt64.init) ?? 0) / 20, 800)
        return stride(from: 0, to: count, by: Int(chunkSize)).map { $0..<min($0 + chunkSize, count) }
    }()

    // Beside others, who need a processor too.
    @Test(.serialized, arguments: chunks)
    func `What is promised holds at any moment, all get what they wait for, and nothing is left`(
        _ seeds: Range<UInt64>
    ) async {
        var grants = 0
        for seed in seeds {
            let simulation = Simulation(seed: seed)
            simulation.run()
            grants += simulation.judge.grants
            if simulation.violation != nil { Issue.record("\(Self.replay(seed))") }
            await Task.yield()
        }
        #expect(
            grants > 3 * seeds.count || seeds.count < Self.chunkSize,
            "\(grants) grants: these are not worth running"
        )
    }

    @Test func `The same seed is the same story`() async {
        for seed: UInt64 in 0..<20 {
            let stories = (0..<2).map { _ in Self.replay(seed) }
            #expect(stories[0] == stories[1])
            await Task.yield()
        }
    }

    /// What happens with a seed.
    static func replay(_ seed: UInt64, _ flaw: Flaw? = nil) -> String {
        let simulation = Simulation(seed: seed, flaw: flaw, isTraced: true)
        simulation.run()
        let outcome = simulation.violation ?? "all is well, the second time"
        return "seed \(seed): \(outcome)\n" + (simulation.trace ?? []).joined(separator: "\n")
    }
}
