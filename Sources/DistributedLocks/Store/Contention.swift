/// Why a lock could not be had: who is in the way.
public struct Contention: Hashable, Sendable {
    /// How the task that asked stands in its own way.
    public enum CallerHold: Hashable, Sendable {
        /// It holds the name already, and the lock is not re-entrant.
        case notReentrant
        /// The lock is re-entrant, but the call was `acquire` or `tryAcquire`, which always ask for a lease of their own.
        case unscoped
        /// It holds the name as a reader, and asked for it exclusively: a read lock cannot be upgraded.
        case upgrade
        /// It holds the name in another mode, which does not cover what it asked for.
        case otherMode
    }

    /// Who held it when the answer was given; empty if the store cannot tell.
    public var holders: [Holder]
    /// How many waiters were ahead in the queue; `nil` if the store keeps none or cannot tell.
    public var ahead: Int?
    /// Set if the very task that asked, or one that it was started in, holds the name already: it waited for itself.
    public var heldByCaller: CallerHold?
    /// When the answer arrived, by the wall clock of ``LockConfiguration/wallClock``: what ages of holders are counted to. The core
    /// fills it in; stores leave it `nil`.
    public var observedAt: UnixTime?

    /// Describes a contention.
    public init(
        holders: [Holder] = [],
        ahead: Int? = nil,
        heldByCaller: CallerHold? = nil,
        observedAt: UnixTime? = nil
    ) {
        self.holders = holders
        self.ahead = ahead
        self.heldByCaller = heldByCaller
        self.observedAt = observedAt
    }
}

extension Contention.CallerHold: CustomStringConvertible {
    /// For example `this task holds it already, and re-entrancy is off (see LockOptions.reentrant)`.
    public var description: String {
        switch self {
        case .notReentrant: "this task holds it already, and re-entrancy is off (see LockOptions.reentrant)"
        case .unscoped: "this task holds it already, and only the scoped forms (withLock and the like) are re-entrant"
        case .upgrade: "this task holds it as a reader, and a read lock cannot be upgraded: release it first"
        case .otherMode: "this task holds it already, in a mode that does not cover this one: release it first"
        }
    }
}
