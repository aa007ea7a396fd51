import ArgumentParser
import DistributedLocks

/// A duration on the command line: `500ms`, `30s`, `5m`, `2h`, `1d`; a bare number counts seconds.
struct DurationArgument: ExpressibleByArgument, Hashable, Sendable {
    let duration: Duration

    init(_ duration: Duration) {
        self.duration = duration
    }

    init?(argument: String) {
        guard let duration = Duration(written: argument) else { return nil }
        self.duration = duration
    }

    /// How help shows a default.
    var defaultValueDescription: String { duration.writtenText }
}
