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

        /// Whether the holder is not one of ours, and so will not hand over.
        var isForeign: Bool { kind != "none" && LockValue(value) == nil }

        /// In the words of the core.
        var contention: Contention {
            Contention(holders: LockValue.holder(kind: kind, text: value).map { [$0] } ?? [], ahead: ahead)
        }
    }

    /// Reads a reply; `nil` if it makes no sense.
    init?(_ reply: RESPValue) {
        if let token = reply.number, token > 0 {
            self = .granted(FencingToken(rawValue: UInt64(token)))
            return
        }
        guard let fields = reply.elements, fields.count == 7, let state = fields[0].text, let ahead = fields[1].number,
            let kind = fields[2].text, let value = fields[3].text, let remaining = fields[4].number,
            let shortest = fields[5].number, let asked = fields[6].text
        else { return nil }
        let obstacle = Obstacle(
            ahead: Int(ahead),
            kind: kind,
            value: value,
            remaining: remaining >= 0 ? .milliseconds(remaining) : nil,
            shortestTTL: .milliseconds(shortest),
            asked: asked
        )
        switch state {
        case "queued": self = .queued(obstacle)
        case "busy": self = .busy(obstacle)
        case "withdrawn": self = .withdrawn
        default: return nil
        }
    }
}
