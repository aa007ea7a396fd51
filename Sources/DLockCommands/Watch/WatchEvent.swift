import DistributedLocks

/// A difference between two looks at a store.
struct WatchEvent: Hashable {
    /// What happened.
    enum Kind: String, Codable {
        /// Somebody holds the name who did not before.
        case acquired
        /// Somebody does not hold it any more.
        case released
        /// Somebody has begun to wait.
        case waiting
        /// Somebody has given up waiting.
        case left
    }

    var kind: Kind
    var name: LockName
    var participant: LockStatus.Participant

    /// What changed from `before` to `after`, names in order; for each name first who left, then who came.
    static func between(_ before: [LockStatus], _ after: [LockStatus]) -> [WatchEvent] {
        let old = Dictionary(before.map { ($0.name, $0) }) { first, _ in first }
        let new = Dictionary(after.map { ($0.name, $0) }) { first, _ in first }
        return Set(old.keys).union(new.keys).sorted().flatMap { name in
            changes(old[name] ?? LockStatus(name: name), new[name] ?? LockStatus(name: name))
        }
    }

    private static func changes(_ old: LockStatus, _ new: LockStatus) -> [WatchEvent] {
        func ids(_ participants: [LockStatus.Participant]) -> Set<Identity> { Set(participants.map(Identity.init)) }
        func events(_ kind: Kind, _ list: [LockStatus.Participant], absentFrom others: Set<Identity>) -> [WatchEvent] {
            list.filter { !others.contains(Identity($0)) }.map {
                WatchEvent(kind: kind, name: new.name, participant: $0)
            }
        }
        return events(.released, old.holders, absentFrom: ids(new.holders))
            + events(.left, old.waiters, absentFrom: ids(new.waiters + new.holders))
            + events(.acquired, new.holders, absentFrom: ids(old.holders))
            + events(.waiting, new.waiters, absentFrom: ids(old.waiters))
    }

    /// Who somebody is: the owner, where the store tells it.
    private struct Identity: Hashable {
        let owner: OwnerID?
        let holder: Holder?

        init(_ participant: LockStatus.Participant) {
            owner = participant.owner
            holder = participant.owner == nil ? participant.holder : nil
        }
    }
}
