import DistributedLocks

/// What a server says unasked, as far as it concerns locks.
enum Push: Hashable, Sendable {
    /// A waiter of ours is the holder now.
    case granted(OwnerID, FencingToken)
    /// A waiter of ours is the first in the queue now, for another program's lock.
    case first(OwnerID)
    /// A lock of ours has been released by force.
    case revoked(OwnerID)
    /// Keys have changed that we have read.
    case changed([KeyBytes])
    /// All keys may have changed.
    case emptied

    /// Reads a message; `nil` for anything else.
    init?(_ message: [RESPValue]) {
        switch message.first?.text {
        case "message" where message.count == 3:
            guard let text = message[2].text, let news = Self.news(text) else { return nil }
            self = news
        case "invalidate" where message.count == 2:
            self = message[1].elements.map { .changed($0.compactMap(KeyBytes.init)) } ?? .emptied
        default: return nil
        }
    }

    private static func news(_ text: String) -> Push? {
        let words = text.split(separator: " ")
        guard words.count >= 2, let owner = OwnerID(words[1]) else { return nil }
        switch words[0] {
        case "granted" where words.count == 3:
            return UInt64(words[2]).map { .granted(owner, FencingToken(rawValue: $0)) }
        case "first": return .first(owner)
        case "revoked": return .revoked(owner)
        default: return nil
        }
    }
}
