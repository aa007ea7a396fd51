/// The bounds of a queue, see ``QueueStorage``.
///
/// What stands in the slots is the truth; these are written after them. So a process that is killed between two writes
/// leaves bounds that lag behind by what it had done: each rule below says what may be wrong then, and who mends it.
package struct QueueControl: Hashable, Sendable {
    /// Changes when entries get other positions.
    package var epoch: UInt64 = 0
    /// Before it nobody is left.
    package var first: UInt64 = 0
    /// Before it are holders and those who are gone; from it on, waiters and those who are gone. A holder at or behind it
    /// was granted by a process that was killed; ``QueueStorage/settle()`` takes it in.
    package var granted: UInt64 = 0
    /// The position of the next arrival. Nothing at or behind it counts.
    package var tail: UInt64 = 0
    /// How many hold the name, or more; counted anew before a refusal.
    package var holders: UInt32 = 0
    /// How many wait, or more.
    package var waiters: UInt32 = 0
    /// How many of all are permits, or more; counted anew before a request is refused for its number of permits.
    package var permits: UInt32 = 0
    /// The number of permits that all who ask for one agree on; means nothing while there are none.
    package var limit: Int64 = 0
    /// How those hold it who hold it.
    package var heldKind = LockMode.Kind.exclusive
    /// The highest token handed out so far, or the one before.
    package var lastToken = FencingToken(rawValue: 0)

    package init() {}

    /// Whether nobody holds the name and nobody waits.
    package var isIdle: Bool { first == tail }

    /// Whether `mode` can be held beside those who hold.
    func fits(_ mode: LockMode) -> Bool {
        guard holders > 0 else { return true }
        return switch mode {
        case .exclusive: false
        case .shared: heldKind == .shared
        case .permit(let limit): heldKind == .permit && Int(holders) < limit
        }
    }

    /// Counts in one more holder.
    mutating func add(holder mode: LockMode, _ token: FencingToken) {
        holders += 1
        heldKind = mode.kind
        lastToken = max(lastToken, token)
    }

    /// Counts out an entry that has been removed.
    mutating func remove(_ mark: QueueMark<some Hashable & Sendable>) {
        if mark.token == nil {
            waiters -= min(waiters, 1)
        } else {
            holders -= min(holders, 1)
        }
        if case .permit = mark.mode { permits -= min(permits, 1) }
    }
}
