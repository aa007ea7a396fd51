/// The outcome of a scenario for people: the figures and a histogram.
struct BenchReport {
    let style: Style

    func lines(_ outcome: BenchRun.Outcome) -> [String] {
        let result = outcome.result
        let count = "\(result.operations) operations in \(number(result.seconds)) s"
        return [
            style.bold(
                "\(result.scenario.rawValue), \(result.clients) \(result.clients == 1 ? "client" : "clients"), \(result.store)"
            ),
            "  \(count), \(number(result.opsPerSecond)) per second" + idle(result),
            "  processor time \(number(result.clientCPUSeconds)) s, \(perOperation(result)) µs per operation",
            "  overtakes \(result.overtakes), violations \(result.violations)",
            "  \(result.scenario.measured): p50 \(number(result.p50)) µs, p90 \(number(result.p90)) µs, "
                + "p99 \(number(result.p99)) µs, max \(number(result.max)) µs",
        ] + histogram(outcome.latencies) + overtakings(outcome.overtakings)
    }

    /// Says so if not all took part.
    private func idle(_ result: BenchResult) -> String {
        result.active == result.clients ? "" : "; only \(result.active) of \(result.clients) took part"
    }

    private func histogram(_ latencies: LatencyHistogram) -> [String] {
        let octaves = latencies.octaves()
        let most = octaves.map(\.count).max() ?? 0
        return octaves.map { octave in
            let width = most == 0 ? 0 : (octave.count * 40 + most - 1) / most
            let label = "< \(number(octave.upTo)) µs"
            return "  \(String(repeating: " ", count: max(0, 14 - label.count)))\(label) "
                + style.green(String(repeating: "█", count: width)) + " \(octave.count)"
        }
    }

    private func overtakings(_ overtakings: [BenchReferee.Overtaking: Int]) -> [String] {
        let worst = overtakings.sorted {
            ($1.value, $0.key.winner, $0.key.loser) < ($0.value, $1.key.winner, $1.key.loser)
        }
        return worst.prefix(5).map { pair, count in
            "  client \(pair.winner) overtook client \(pair.loser) \(count) times"
        }
    }

    private func perOperation(_ result: BenchResult) -> String {
        result.operations == 0 ? "–" : number(result.clientCPUSeconds * 1e6 / Double(result.operations))
    }

    /// Three significant digits or more.
    private func number(_ value: Double) -> String {
        switch value {
        case ..<10: "\((value * 100).rounded() / 100)"
        case ..<100: "\((value * 10).rounded() / 10)"
        default: "\(Int(value.rounded()))"
        }
    }
}
