import ArgumentParser
import DistributedLocks

/// A limit on the command line: a duration, as ``DurationArgument`` reads it, or `never`.
struct LimitArgument: Hashable, Sendable, CustomStringConvertible {
    /// `nil` for no limit.
    let duration: Duration?

    /// How long the rest of a group has to end if nobody says anything else.
    static let standard = LimitArgument(.seconds(10))

    init(_ duration: Duration?) {
        self.duration = duration
    }

    /// Reads what was written.
    ///
    /// - Throws: `ValidationError` that says what would be valid.
    static func read(_ text: String) throws -> LimitArgument {
        if text == "never" { return LimitArgument(nil) }
        guard let duration = Duration(written: text) else {
            throw ValidationError(
                "a limit is written 500ms, 30s, 5m, 2h or 1d, or never; a bare number counts seconds, and 0 is at once"
            )
        }
        return LimitArgument(duration)
    }

    /// How help shows a default.
    var description: String { duration?.writtenText ?? "never" }
}
