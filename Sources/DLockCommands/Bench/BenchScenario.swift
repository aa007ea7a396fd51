import ArgumentParser

/// What `dlock bench` can measure.
enum BenchScenario: String, CaseIterable, ExpressibleByArgument, Codable, Sendable {
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

    /// What the latencies are of.
    var measured: String {
        switch self {
        case .cycle, .parallel: "acquire + release"
        case .handoff: "start of a release to the start of the next body"
        }
    }
}
