/// What a release found.
public enum ReleaseOutcome: Hashable, Sendable {
    /// The claim was held, or queued, and is gone now.
    case released
    /// The store had nothing of this claim (any more).
    case notHeld
}
