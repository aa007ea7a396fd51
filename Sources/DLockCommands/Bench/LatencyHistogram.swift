import DistributedLocks
import Histogram

/// Latencies up to an hour, to two significant digits (HdrHistogram).
///
/// Of a fixed size: one that grows while it is measured would be measured itself.
struct LatencyHistogram: Sendable {
    private static let longest: UInt64 = 3_600_000_000_000
    private var nanoseconds = Histogram<UInt64>(
        lowestDiscernibleValue: 1,
        highestTrackableValue: longest,
        numberOfSignificantValueDigits: .two
    )

    var count: Int { Int(nanoseconds.totalCount) }

    mutating func record(_ latency: Duration) {
        let (seconds, attoseconds) = latency.components
        let value = UInt64(max(0, seconds)) * 1_000_000_000 + UInt64(max(0, attoseconds)) / 1_000_000_000
        nanoseconds.record(min(value, Self.longest))
    }

    mutating func add(_ other: LatencyHistogram) {
        nanoseconds.add(other.nanoseconds)
    }

    /// In microseconds; zero if nothing was recorded.
    func microseconds(atPercentile percentile: Double) -> Double {
        count == 0 ? 0 : Double(nanoseconds.valueAtPercentile(percentile)) / 1_000
    }

    /// In microseconds; zero if nothing was recorded.
    var maximumMicroseconds: Double { count == 0 ? 0 : Double(nanoseconds.max) / 1_000 }

    /// The non-empty ranges from one power of two to the next, in microseconds, with how many fell into each.
    func octaves() -> [(upTo: Double, count: Int)] {
        guard count > 0 else { return [] }
        var result: [(upTo: Double, count: Int)] = []
        var low: UInt64 = 0
        var high: UInt64 = 1_000
        while low <= nanoseconds.max {
            result.append((Double(high) / 1_000, Int(nanoseconds.count(within: low...(high - 1)))))
            (low, high) = (high, high * 2)
        }
        let first = result.firstIndex { $0.count > 0 } ?? 0
        let last = result.lastIndex { $0.count > 0 } ?? 0
        return Array(result[first...last])
    }
}
