/// The nodes that make somebody the holder of a lock, or a waiter.
struct Ownership: Hashable, Sendable {
    /// The session that they go with. In another session they mean nothing, even if they are still listed.
    let sessionID: Int64
    /// The transaction that made them: it orders all that have ever held the lock.
    let czxid: Int64
    /// Their paths: one, or two of which the first counts.
    let paths: [String]

    /// The node of the lock, which they are below.
    var directory: String {
        paths[0].utf8.lastIndex(of: UInt8(ascii: "/")).map { String(paths[0][..<$0]) } ?? ""
    }
}
