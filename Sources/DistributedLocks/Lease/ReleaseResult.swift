/// How a release ended, as far as it is known.
public enum ReleaseResult: Hashable, Sendable {
    /// The store has given the name to the next, or to nobody.
    case released
    /// The lease was over before it was released; whatever ran under it may have run beside another holder.
    case alreadyLost(LossReason)
    /// `holdAtLeast` has not passed yet: the name stays locked until then. The store has promised to give it back by itself, or,
    /// where it cannot do that, this process does it in the background.
    case deferred
    /// The store has not confirmed the release in time. It goes on in the background until the store certainly does not
    /// hold the claim any more.
    case pending
}
