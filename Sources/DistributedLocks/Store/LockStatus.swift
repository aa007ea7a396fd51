/// What a store knows of one name.
public struct LockStatus: Hashable, Sendable {
    /// One holder or waiter.
    public struct Participant: Hashable, Sendable {
        /// Who it is.
        public var holder: Holder
        /// How it holds, or wants, the name.
        public var mode: LockMode
        /// The owner, where the store can tell it; `nil` for other programs' locks.
        public var owner: OwnerID?
        /// The fencing token; `nil` for waiters and for locks that have none.
        public var token: FencingToken?
        /// How long the lease lasts if it is not renewed; `nil` if it does not expire.
        public var remaining: Duration?

        /// Describes a participant.
        public init(
            holder: Holder,
            mode: LockMode,
            owner: OwnerID? = nil,
            token: FencingToken? = nil,
            remaining: Duration? = nil
        ) {
            self.holder = holder
            self.mode = mode
            self.owner = owner
            self.token = token
            self.remaining = remaining
        }
    }

    /// The name.
    public var name: LockName
    /// Who holds it now; empty when it is free.
    public var holders: [Participant]
    /// Who waits, first come first; empty where the store keeps no queue.
    public var waiters: [Participant]

    /// Describes a name.
    public init(name: LockName, holders: [Participant] = [], waiters: [Participant] = []) {
        self.name = name
        self.holders = holders
        self.waiters = waiters
    }

    /// Whether nobody holds the name and nobody waits for it.
    public var isIdle: Bool { holders.isEmpty && waiters.isEmpty }
}
