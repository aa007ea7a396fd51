/// Which claims of a session are for which name, and which names have been in use for so long that their files are to be
/// watched.
struct NameUses {
    private struct Use {
        var owners: [OwnerID: Int] = [:]
        var isWatched = false
    }

    private var uses: [LockName: Use] = [:]
    /// Names that have come into use since the last look.
    private var fresh: Set<LockName> = []
    /// Names that had come into use before that.
    private var aging: Set<LockName> = []
    /// Names that were watched and are not in use any more.
    private var ended: Set<LockName> = []

    /// All names in use.
    var all: [LockName] { Array(uses.keys) }

    /// Whether a name is in use.
    func contains(_ name: LockName) -> Bool { uses[name] != nil }

    /// The owners of the claims on a name.
    func owners(of name: LockName) -> [OwnerID] { uses[name].map { Array($0.owners.keys) } ?? [] }

    /// Whether nothing is left to be looked at.
    var isSettled: Bool { fresh.isEmpty && aging.isEmpty && ended.isEmpty }

    mutating func add(_ claim: LockClaim) {
        guard let index = uses.index(forKey: claim.name) else {
            uses[claim.name] = Use(owners: [claim.owner: 1])
            fresh.insert(claim.name)
            return
        }
        uses.values[index].owners[claim.owner, default: 0] += 1
    }

    mutating func remove(_ claim: LockClaim) {
        guard let index = uses.index(forKey: claim.name), let count = uses.values[index].owners[claim.owner] else {
            return
        }
        uses.values[index].owners[claim.owner] = count > 1 ? count - 1 : nil
        guard uses.values[index].owners.isEmpty else { return }
        if uses.values[index].isWatched { ended.insert(claim.name) }
        uses.remove(at: index)
        if !fresh.isEmpty { fresh.remove(claim.name) }
        if !aging.isEmpty { aging.remove(claim.name) }
    }

    /// Looks, once for each beat of the session's thread.
    ///
    /// - Returns: The names that are to be watched from now on, since they have been in use for a whole beat, and those that
    ///   need not be watched any more.
    mutating func age() -> (started: Set<LockName>, ended: Set<LockName>) {
        defer { (aging, fresh, ended) = (fresh, [], []) }
        let returned = ended.filter { uses[$0] != nil }
        for name in aging { if let index = uses.index(forKey: name) { uses.values[index].isWatched = true } }
        return (aging.union(returned), ended.subtracting(returned))
    }
}
