/// The contenders of a lock in their order, as one of them sees them.
struct Queue: Hashable, Sendable {
    /// Those before us, the holder first.
    let ahead: [String]

    /// How many wait before us, the holder not counted. A claim may have two nodes, of different forms.
    var waitersAhead: Int {
        let guarded = ahead.count { ContenderName.isGuarded($0) }
        let isMixed = guarded > 0 && guarded < ahead.count
        let claims = isMixed ? Set(ahead.compactMap { ContenderName($0)?.claim }).count : ahead.count
        return max(0, claims - 1)
    }

    /// Numbers within this of their end, or beyond it, do not tell who came first.
    private static let margin: Int32 = 1_000_000

    /// What a look at the nodes of a lock shows.
    enum View: Hashable, Sendable {
        /// We have no node there (any more).
        case absent
        /// Where we are.
        case present(Queue)
        /// The numbers do not tell: ask when each was made.
        case ambiguous([String])
    }

    /// Orders the nodes of a lock.
    ///
    /// - Parameters:
    ///   - nodes: The children of the lock's node, in any order. Whatever is no contender is passed over.
    ///   - own: The names of our own nodes.
    /// - Returns: Where we are. The order of numbers is that of the contenders unless the counter has come to its end: it has 32
    ///   bits, and stays at its largest value or goes on with negative ones, depending on the server.
    static func view(of nodes: [String], own: [String]) -> View {
        let contenders = nodes.compactMap { ContenderName($0) }
        let mine = contenders.filter { own.contains($0.node) }
        guard mine.count == own.count, let first = mine.map(\.sequence).min() else { return .absent }
        let isShared = contenders.contains { $0.sequence == first && !own.contains($0.node) }
        if isShared || isAtEnd(contenders) { return .ambiguous(contenders.map(\.node)) }
        let before = contenders.filter { $0.sequence < first }.sorted { $0.sequence < $1.sequence }
        return .present(Queue(ahead: before.map(\.node)))
    }

    /// Orders contenders by their numbers, and where these do not tell, by when they were made.
    ///
    /// Numbers come first, since a node can be made later for a place that was taken before: Curator's writer that becomes a reader
    /// keeps its number.
    ///
    /// - Parameters:
    ///   - made: The transactions in which the nodes were made, of those that are still there.
    ///   - own: The names of our own nodes.
    /// - Returns: Where we are.
    static func view(of made: [(node: String, czxid: Int64)], own: [String]) -> View {
        let isAtEnd = isAtEnd(made.compactMap { ContenderName($0.node) })
        let places = made.map {
            Place(number: isAtEnd ? 0 : ContenderName($0.node)?.sequence ?? 0, czxid: $0.czxid, node: $0.node)
        }
        let mine = places.filter { own.contains($0.node) }
        guard mine.count == own.count, let first = mine.min() else { return .absent }
        let before = places.filter { ($0.number, $0.czxid) < (first.number, first.czxid) }
        return .present(Queue(ahead: before.sorted().map(\.node)))
    }

    /// The nodes of a lock for somebody who has none there, in their order; `nil` if the numbers do not tell it.
    static func order(of nodes: [String]) -> [String]? {
        let contenders = nodes.compactMap { ContenderName($0) }
        guard !isAtEnd(contenders), Set(contenders.map(\.sequence)).count == contenders.count else { return nil }
        return contenders.sorted { $0.sequence < $1.sequence }.map(\.node)
    }

    /// Whether the counter is about to come to its end, or has been there.
    private static func isAtEnd(_ contenders: [ContenderName]) -> Bool {
        contenders.contains { $0.sequence < 0 || $0.sequence > .max - margin }
    }

    /// What orders a contender.
    private struct Place: Comparable {
        let number: Int32
        let czxid: Int64
        let node: String

        static func < (lhs: Place, rhs: Place) -> Bool {
            (lhs.number, lhs.czxid, lhs.node) < (rhs.number, rhs.czxid, rhs.node)
        }
    }
}
