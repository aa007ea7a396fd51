import ArgumentParser
import DistributedLocks

/// A limit on the command line: a duration, as ``DurationArgument`` reads it, or `never`.
struct LimitArgument: ExpressibleByArgument, Hashable, Sendable {
    /// `nil` for no limit.
    let duration: Duration?

    init(_ duration: Duration?) {
        self.duration = duration
    }

    init?(argument: String) {
        if argument == "never" {
            duration = nil
        } else if let duration = Duration(written: argument) {
            self.duration = duration
        } else {
            return nil
        }
    }

    /// How help shows a default.
    var defaultValueDescription: String { duration?.writtenText ?? "never" }
}
