/// What one attempt claims: a name, in a mode, for an owner.
///
/// It identifies a held lock as well as a place in a queue, which is what makes ``LockStore/release(_:)`` the one way to
/// get rid of either.
public struct LockClaim: Hashable, Sendable {
    /// The name of the lock.
    public let name: LockName
    /// How it is claimed.
    public let mode: LockMode
    /// Who claims it; unique for this attempt.
    public let owner: OwnerID

    /// Makes a claim.
    public init(name: LockName, mode: LockMode, owner: OwnerID) {
        self.name = name
        self.mode = mode
        self.owner = owner
    }
}
