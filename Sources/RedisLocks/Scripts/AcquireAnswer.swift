import DistributedLocks

/// What the script `acquire` answers.
enum AcquireAnswer: Sendable {
    /// It is held now, with this token.
    case granted(FencingToken)
    /// It waits in the queue now.
    case queued(Obstacle)
    /// Somebody else has it, and the request was not to wait.
    case busy(Obstacle)
    /// The claim was given back before this request reached the server.
    case withdrawn

    /// What is in the way.
    struct Obstacle: Sendable {
        /// How many wait ahead.
        let ahead: Int
        /// The type of the lock's key, `none` if it is free.
        let kind: String
        /// Its value, if it is a string.
        let value: String
        /// How long it lasts if it is not renewed; `nil` if it does not expire.
        let remaining: Duration?
        /// The shortest lease of anyone in the queue.
        let shortestTTL: Duration
        /// When the claim first asked, in microseconds of the server's clock, as digits.
        let asked: String
        /// When it was granted last, in microseconds of the server's clock; not positive if that is not known.
        let since: Int64

        /// Whether the holder will not hand over: it is another program, or has left the end to the server.
        var isForeign: Bool { kind != "none" && LockValue(value)?.isKept ?? true }

        /// In the words of the core.
        var contention: Contention {
            let holder = LockValue.holder(kind: kind, text: value, since: since)
            return Contention(holders: holder.map { [$0] } ?? [], ahead: ahead)
        }
    }

    /// Reads a reply; `nil` if it makes no sense.
    init?(_ reply: RESPValue) {
        if let token = reply.number, token > 0 {
            self = .granted(FencingToken(rawValue: UInt64(token)))
            return
        }
        guard let fields = reply.elements, fields.count == 8, let state = fields[0].text, let ahead = fields[1].number,
            let kind = fields[2].text, let value = fields[3].text, let remaining = fields[4].number,
            let shortest = fields[5].number, let asked = fields[6].text, let since = fields[7].number
        else { return nil }
        let obstacle = Obstacle(
            ahead: Int(ahead),
            kind: kind,
            value: value,
            remaining: remaining >= 0 ? .milliseconds(remaining) : nil,
            shortestTTL: .milliseconds(shortest),
            asked: asked,
            since: since
        )
        switch state {
        case "queued": self = .queued(obstacle)
        case "busy": self = .busy(obstacle)
        case "withdrawn": self = .withdrawn
        default: return nil
        }
    }
}
