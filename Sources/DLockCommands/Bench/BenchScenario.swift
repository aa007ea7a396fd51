import ArgumentParser

/// What `dlock bench` can measure.
enum BenchScenario: String, CaseIterable, ExpressibleByArgument, Sendable {
    /// One task acquires and releases one name, without contention.
    case cycle
    /// Many tasks of one client, each with a name of its own.
    case parallel
    /// Independent clients contend for one name: from the start of a release to the start of the next body.
    case handoff

    /// How many clients (or tasks) take part if nothing is said.
    var standardClients: Int {
        switch self {
        case .cycle: 1
        case .parallel: 64
        case .handoff: 10
        }
    }

    /// How many clients (or tasks) the scenario can have.
    var possibleClients: ClosedRange<Int> {
        switch self {
        case .cycle: 1...1
        case .parallel: 1...10_000
        case .handoff: 2...10_000
        }
    }

    /// What the latencies are of.
    var measured: String {
        switch self {
        case .cycle, .parallel: "acquire + release"
        case .handoff: "start of a release to the start of the next body"
        }
    }
}
