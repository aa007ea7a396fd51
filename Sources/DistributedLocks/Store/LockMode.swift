/// How a name is claimed.
public enum LockMode: Hashable, Sendable {
    /// One holder, nobody else.
    case exclusive
    /// Any number of shared holders, no exclusive one.
    case shared
    /// One of `limit` permits of a semaphore. All who use the name must agree on the limit.
    case permit(of: Int)

    /// A ``LockMode`` without its number: what a store declares that it can do.
    public enum Kind: String, Hashable, Sendable, CaseIterable {
        /// See ``LockMode/exclusive``.
        case exclusive
        /// See ``LockMode/shared``.
        case shared
        /// See ``LockMode/permit(of:)``.
        case permit
    }

    /// The kind of this mode.
    public var kind: Kind {
        switch self {
        case .exclusive: .exclusive
        case .shared: .shared
        case .permit: .permit
        }
    }
}
