/// The outcome of one scenario, as `--json` prints it. Latencies in microseconds.
struct BenchResult: Codable, Hashable, Sendable {
    var store: String
    var scenario: BenchScenario
    var clients: Int
    var operations: Int
    var seconds: Double
    var opsPerSecond: Double
    var p50: Double
    var p90: Double
    var p99: Double
    var max: Double
    /// How often somebody who asked later, when another was certainly queued already, was served before them.
    var overtakes: Int
    /// Broken promises: two holders at a time, or a token that did not grow. Anything but zero is a bug.
    var violations: Int
    var clientCPUSeconds: Double

    enum CodingKeys: String, CodingKey {
        case store, scenario, clients, operations, seconds, overtakes, violations
        case opsPerSecond = "ops_per_second"
        case p50 = "p50_us"
        case p90 = "p90_us"
        case p99 = "p99_us"
        case max = "max_us"
        case clientCPUSeconds = "client_cpu_seconds"
    }
}
