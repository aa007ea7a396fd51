import DistributedLocks

/// What the script `status` answers.
struct StatusAnswer: Sendable {
    /// Who holds the lock, if anyone.
    let holder: LockStatus.Participant?
    /// How many wait in all.
    let waiterCount: Int
    /// Those that were asked for.
    let waiters: [LockStatus.Participant]

    /// Reads a reply; `nil` if it makes no sense.
    init?(_ reply: RESPValue) {
        guard let fields = reply.elements, fields.count >= 6, let kind = fields[0].text, let text = fields[1].text,
            let remaining = fields[2].number, let fence = fields[3].number,
            let since = fields[4].number, let count = fields[5].number
        else { return nil }
        let value = LockValue(text)
        holder = LockValue.holder(kind: kind, text: text, since: since).map { holder in
            LockStatus.Participant(
                holder: holder,
                mode: .exclusive,
                owner: value?.owner,
                token: value == nil || fence <= 0 ? nil : FencingToken(rawValue: UInt64(fence)),
                remaining: remaining >= 0 ? .milliseconds(remaining) : nil
            )
        }
        waiterCount = Int(count)
        waiters = fields[6...].compactMap { field in
            guard let entry = field.text, let space = entry.firstIndex(of: " "),
                let value = LockValue(String(entry[entry.index(after: space)...]))
            else { return nil }
            return LockStatus.Participant(holder: value.holder, mode: .exclusive, owner: value.owner)
        }
    }
}
