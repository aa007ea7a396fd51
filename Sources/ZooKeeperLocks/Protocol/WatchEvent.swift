/// What a server says about a node that is watched.
struct WatchEvent: Hashable, Sendable {
    /// What happened.
    enum Kind: Int32, Sendable {
        /// Not about a node, but about the session.
        case none = -1
        case created = 1
        case deleted = 2
        case dataChanged = 3
        case childrenChanged = 4
        case dataWatchRemoved = 5
        case childWatchRemoved = 6
        case persistentWatchRemoved = 7
    }

    var kind: Kind
    /// Which node.
    var path: String
}

extension WatchEvent {
    /// Reads one; `nil` for a kind that is not known, as a later server may send.
    static func read(from reader: inout JuteReader) throws(JuteError) -> WatchEvent? {
        let kind = Kind(rawValue: try reader.readInt())
        _ = try reader.readInt()
        let path = try reader.readText()
        return kind.map { WatchEvent(kind: $0, path: path) }
    }
}
