import ArgumentParser
import DistributedLocks

/// A duration on the command line: `500ms`, `30s`, `5m`, `2h`, `1d`; a bare number counts seconds.
struct DurationArgument: ExpressibleByArgument, Hashable, Sendable {
    let duration: Duration

    init(_ duration: Duration) {
        self.duration = duration
    }

    /// How help shows a default.
    var defaultValueDescription: String {
        duration < .seconds(1) ? "\(Int(duration.seconds * 1_000))ms" : "\(Int(duration.seconds))s"
    }

    init?(argument: String) {
        let number = argument.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        guard let value = Double(number), value.isFinite, let unit = Self.seconds(of: argument.dropFirst(number.count)),
            value * unit <= 10 * 365 * 86_400
        else { return nil }
        duration = .seconds(value * unit)
    }

    private static func seconds(of unit: Substring) -> Double? {
        switch unit {
        case "ms": 0.001
        case "", "s": 1
        case "m": 60
        case "h": 3_600
        case "d": 86_400
        default: nil
        }
    }
}
