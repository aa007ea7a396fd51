/// Why a lock could not be had: who is in the way.
public struct Contention: Hashable, Sendable {
    /// Who held it when the answer was given; empty if the store cannot tell.
    public var holders: [Holder]
    /// How many waiters were ahead in the queue; `nil` if the store keeps none or cannot tell.
    public var ahead: Int?
    /// Whether the very task that asked holds the name already, and re-entrancy is off: it waited for itself.
    public var heldByCaller: Bool

    /// Describes a contention.
    public init(holders: [Holder] = [], ahead: Int? = nil, heldByCaller: Bool = false) {
        self.holders = holders
        self.ahead = ahead
        self.heldByCaller = heldByCaller
    }
}
