/// The numbers of requests, from connection to connection: 1, 2, …, the largest, 1, …
struct Xid: Hashable, Sendable {
    /// Comes with events of watches.
    static let event: Int32 = -1
    /// Comes with the answer to a ping.
    static let ping: Int32 = -2
    /// Comes with the answer to credentials.
    static let auth: Int32 = -4
    /// Comes with the answer to watches that are set again.
    static let setWatches: Int32 = -8

    private var last: Int32

    /// Begins with the number after `last`.
    init(after last: Int32 = 0) {
        self.last = last
    }

    /// The next number. The negative ones mean something else, and after months of use they would come next (as they did to
    /// other clients, https://issues.apache.org/jira/browse/ZOOKEEPER-3253).
    mutating func next() -> Int32 {
        last = last == .max ? 1 : last + 1
        return last
    }
}
