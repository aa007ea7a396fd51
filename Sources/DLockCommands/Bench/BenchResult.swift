/// The outcome of one scenario, as `--json` prints it. Latencies in microseconds.
struct BenchResult: Hashable, Sendable {
    var store: String
    var scenario: BenchScenario
    /// How many clients, or tasks, were asked for.
    var clients: Int
    /// How many of them completed at least one operation while it was measured.
    var active: Int
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

    /// The members as `--json` prints them.
    var json: JSONValue {
        .object([
            "store": .string(store),
            "scenario": .string(scenario.rawValue),
            "clients": .integer(Int64(clients)),
            "active": .integer(Int64(active)),
            "operations": .integer(Int64(operations)),
            "seconds": .number(seconds),
            "ops_per_second": .number(opsPerSecond),
            "p50_us": .number(p50),
            "p90_us": .number(p90),
            "p99_us": .number(p99),
            "max_us": .number(max),
            "overtakes": .integer(Int64(overtakes)),
            "violations": .integer(Int64(violations)),
            "client_cpu_seconds": .number(clientCPUSeconds),
        ])
    }
}
