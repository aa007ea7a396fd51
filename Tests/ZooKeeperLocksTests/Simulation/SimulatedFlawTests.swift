import Testing

/// Simulations are worth something only if mistakes are found out.
@Suite(.serialized) struct SimulatedFlawTests {
    /// After how many simulations a mistake has to be found at the latest.
    private static let patience: UInt64 = 500

    @Test(arguments: Flaw.allCases)
    func `What is wrong is found out, and the story can be told again`(_ flaw: Flaw) async {
        for seed in 0..<Self.patience {
            let simulation = Simulation(seed: seed, flaw: flaw)
            simulation.run()
            if let violation = simulation.violation {
                let story = SimulationTests.replay(seed, flaw)
                #expect(story.contains("VIOLATION: \(violation)"))
                return
            }
            await Task.yield()
        }
        Issue.record("nobody has noticed")
    }
}
