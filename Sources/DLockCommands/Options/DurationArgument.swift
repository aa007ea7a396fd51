import ArgumentParser
import DistributedLocks

/// A duration on the command line: `500ms`, `30s`, `5m`, `2h`, `1d`; a bare number counts seconds.
struct DurationArgument: Hashable, Sendable, CustomStringConvertible {
    let duration: Duration

    init(_ duration: Duration) {
        self.duration = duration
    }

    /// Reads what was written.
    ///
    /// - Throws: `ValidationError` that says what would be valid.
    static func read(_ text: String) throws -> DurationArgument {
        guard let duration = Duration(written: text) else {
            throw ValidationError("a duration is written 500ms, 30s, 5m, 2h or 1d; a bare number counts seconds")
        }
        return DurationArgument(duration)
    }

    /// How help shows a default.
    var description: String { duration.writtenText }
}
