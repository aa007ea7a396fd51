/// How a check that did not fail has ended.
public enum ConformanceOutcome: Hashable, Sendable {
    /// The store keeps the promise, as far as the check can see.
    case passed
    /// The check was not run, as the store does not claim to do what it is about.
    case skipped(reason: String)
}
