import DistributedLocks

/// What the script `force` answers.
enum ForceAnswer: Hashable, Sendable {
    /// Nobody has it any more, or somebody who waited; who held it, if anyone did.
    case taken(from: Holder?)
    /// Somebody else holds it than was meant, and goes on.
    case spared(Holder)

    /// Reads a reply; `nil` if it makes no sense.
    init?(_ reply: RESPValue) {
        guard let fields = reply.elements, fields.count == 4, let wasTaken = fields[0].number,
            let kind = fields[1].text,
            let value = fields[2].text, let since = fields[3].number
        else { return nil }
        let holder = LockValue.holder(kind: kind, text: value, since: since)
        switch (wasTaken, holder) {
        case (1, _): self = .taken(from: holder)
        case (0, let holder?): self = .spared(holder)
        default: return nil
        }
    }
}
