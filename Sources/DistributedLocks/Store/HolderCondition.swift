/// Whom a forced release may cut off: whoever holds the name, or only the holder that somebody has seen before.
public enum HolderCondition: Hashable, Sendable {
    /// Every holder.
    case any
    /// The holder whose claim has this owner.
    case owner(OwnerID)
    /// The holder whose grant has this fencing token.
    case token(FencingToken)

    /// Whether a holder with this owner and token is meant; a store that does not know one of them passes `nil`.
    public func matches(owner: OwnerID?, token: FencingToken?) -> Bool {
        switch self {
        case .any: true
        case .owner(let wanted): owner == wanted
        case .token(let wanted): token == wanted
        }
    }
}
