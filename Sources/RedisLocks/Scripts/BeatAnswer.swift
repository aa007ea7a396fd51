import DistributedLocks

/// What the script `beat` answers.
struct BeatAnswer: Sendable {
    /// What has become of one waiter.
    enum Place: Hashable, Sendable {
        /// It waits, with so many ahead.
        case queued(ahead: Int)
        /// It has been granted.
        case granted(FencingToken)
        /// The server does not know it (any more).
        case unknown
    }

    /// Whether somebody holds the lock who will not hand it over.
    let isForeign: Bool
    /// How long the holder's lease lasts if it is not renewed; `nil` if it does not expire.
    let remaining: Duration?
    /// The shortest lease of anyone in the queue; zero if there is no queue.
    let shortestTTL: Duration
    /// The places, in the order of the request.
    let places: [Place]

    /// Reads a reply; `nil` if it makes no sense.
    init?(_ reply: RESPValue) {
        guard let fields = reply.elements, fields.count >= 4, let kind = fields[0].text, let ours = fields[1].number,
            let remaining = fields[2].number, let shortest = fields[3].number
        else { return nil }
        isForeign = kind != "none" && ours == 0
        self.remaining = remaining >= 0 ? .milliseconds(remaining) : nil
        shortestTTL = .milliseconds(shortest)
        places = fields[4...].map { field in
            switch field {
            case .integer(let ahead) where ahead >= 0: .queued(ahead: Int(ahead))
            case .string: field.number.map { .granted(FencingToken(rawValue: UInt64(max(0, $0)))) } ?? .unknown
            default: .unknown
            }
        }
    }
}
