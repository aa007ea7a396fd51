/// Why a lease is over.
@nonexhaustive
public enum LossReason: Hashable, Sendable {
    /// Its holder released it.
    case released
    /// No renewal was confirmed before the lease's deadline.
    case expired
    /// The lease reached its `holdAtMost`.
    case heldTooLong
    /// Somebody released it by force.
    case revoked
    /// What recorded the claim in the store is gone, or belongs to somebody else.
    case removed
    /// The store's session, on which the claim depended, has ended.
    case sessionEnded
    /// The store, or the lock service, was closed while the lease was held.
    case closed
}

extension LossReason: CustomStringConvertible {
    /// For example `its lease expired before a renewal was confirmed`.
    public var description: String {
        switch self {
        case .released: "it was released"
        case .expired: "its lease expired before a renewal was confirmed"
        case .heldTooLong: "it was held for longer than holdAtMost allows"
        case .revoked: "it was released by force"
        case .removed: "its record in the store was removed or replaced"
        case .sessionEnded: "the store's session ended"
        case .closed: "the store was closed"
        }
    }
}
