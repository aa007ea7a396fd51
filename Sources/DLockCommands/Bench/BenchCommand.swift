import ArgumentParser
import DistributedLocks

/// `dlock bench`.
struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measure a store, and check its promises while doing so.",
        discussion: """
            cycle: one task acquires and releases one name.

            parallel: many tasks of one client, each with a name of its own.

            handoff: independent clients contend for one name; the time from the start of a release to the start of the next \
            body, and who overtook whom.

            Exits with 1 if two clients held the name at once, or a fencing token did not grow.
            """
    )

    @OptionGroup var store: StoreOptions
    @Option(help: ArgumentHelp("What to measure: cycle, parallel or handoff; all if not given."))
    var scenario: BenchScenario?
    @Option(
        help: ArgumentHelp("How many clients, or tasks, take part (1, 64 and 10 if not given).", valueName: "number")
    )
    var clients: Int?
    @Option(help: ArgumentHelp("How long to measure each.", valueName: "duration"))
    var duration = DurationArgument(.seconds(5))
    @Flag(help: "Print one JSON object per scenario.")
    var json = false

    func validate() throws {
        guard clients.map({ (1...10_000).contains($0) }) ?? true else {
            throw ValidationError("--clients is between 1 and 10000")
        }
        guard duration.duration > .zero else { throw ValidationError("--duration must be longer than nothing") }
    }

    func run() async throws {
        try await DLockExit.translating {
            let address = try store.address
            store.warn(about: address)
            var violations = 0
            for scenario in scenario.map({ [$0] }) ?? BenchScenario.allCases {
                let run = BenchRun(
                    address: address,
                    scenario: scenario,
                    clients: scenario == .cycle ? 1 : clients ?? scenario.standardClients,
                    duration: duration.duration
                )
                let outcome = try await run.run()
                violations += outcome.result.violations
                try report(outcome)
            }
            if violations > 0 {
                Console.error("the store broke its promises \(violations) times")
                throw ExitCode(1)
            }
        }
    }

    private func report(_ outcome: BenchRun.Outcome) throws {
        if json {
            Console.line(try JSONOutput.line(outcome.result))
        } else {
            BenchReport(style: Style(forTerminal: Console.outputIsTerminal)).lines(outcome).forEach(Console.line)
        }
    }
}
