import ArgumentParser
import DistributedLocks

/// `dlock bench`.
struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measure a store, and check its promises while doing so.",
        discussion: """
            cycle: one task acquires and releases one name.

            parallel: many tasks of one client, each with a name of its own; each gives the others their turn after an operation.

            handoff: two or more independent clients contend for one name; the time from the start of a release to the start of \
            the next body, and who overtook whom.

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
    @Option(help: ArgumentHelp("How long to measure each.", valueName: "duration"), transform: DurationArgument.read)
    var duration = DurationArgument(.seconds(5))
    @Flag(help: "Print one JSON object per scenario.")
    var json = false

    func validate() throws {
        if let clients { try check(clients) }
        guard duration.duration > .zero else { throw ValidationError("--duration must be longer than nothing") }
    }

    func run() async throws {
        try await DLockExit.translating {
            let address = try store.address
            store.warn(about: address)
            var violations = 0
            for scenario in scenarios {
                let run = BenchRun(
                    address: address,
                    scenario: scenario,
                    clients: clients ?? scenario.standardClients,
                    duration: duration.duration
                )
                let outcome = try await run.run()
                violations += outcome.result.violations
                report(outcome)
            }
            if violations > 0 {
                Console.error("the store broke its promises \(violations) times")
                throw ExitCode(1)
            }
        }
    }

    /// Refuses a number of clients that not each of the scenarios can have.
    private func check(_ clients: Int) throws {
        for scenario in scenarios where !scenario.possibleClients.contains(clients) {
            let possible = scenario.possibleClients
            let range =
                possible.count == 1 ? "has one task" : "takes \(possible.lowerBound) to \(possible.upperBound) clients"
            throw ValidationError(
                "the scenario \(scenario.rawValue) \(range), not \(clients); name another with --scenario, or another number"
            )
        }
    }

    private var scenarios: [BenchScenario] { scenario.map { [$0] } ?? BenchScenario.allCases }

    private func report(_ outcome: BenchRun.Outcome) {
        if json {
            Console.line(outcome.result.json.line)
        } else {
            BenchReport(style: Style(forTerminal: Console.outputIsTerminal)).lines(outcome).forEach(Console.line)
        }
    }
}
