import DistributedLocks

/// What the script `release` answers.
enum ReleaseAnswer: Hashable, Sendable {
    /// It was held, and is given back.
    case held
    /// It waited, and does not any more; who was in the way.
    case queued(Contention)
    /// There was nothing of it.
    case nothing

    /// Reads a reply; `nil` if it makes no sense.
    init?(_ reply: RESPValue) {
        if case .integer = reply {
            self = .held
            return
        }
        guard let fields = reply.elements, fields.count == 5, let found = fields[0].text, let ahead = fields[1].number,
            let kind = fields[2].text, let value = fields[3].text,
            let since = fields[4].number
        else { return nil }
        switch found {
        case "held": self = .held
        case "queued":
            let holder = LockValue.holder(kind: kind, text: value, since: since)
            self = .queued(Contention(holders: holder.map { [$0] } ?? [], ahead: Int(ahead)))
        case "nothing": self = .nothing
        default: return nil
        }
    }
}
