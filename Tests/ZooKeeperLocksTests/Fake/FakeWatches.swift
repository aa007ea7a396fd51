@testable import ZooKeeperLocks

/// The watches of one replica. A server has two sets of them: on nodes, and on their lists of children.
struct FakeWatches {
    enum Mode {
        /// Tells once.
        case once
        /// Tells again and again.
        case persistent
        /// Tells again and again, also of everything below.
        case recursive
    }

    private var watches: [FakeName: [Int: Mode]] = [:]
    private var recursive = 0

    /// Sets a watch. A connection has one on a path, and a new one replaces the old one, whatever it was.
    mutating func add(_ path: String, _ connection: Int, _ mode: Mode) {
        let path = FakeName(path)
        if watches[path]?[connection] == .recursive { recursive -= 1 }
        watches[path, default: [:]][connection] = mode
        if mode == .recursive { recursive += 1 }
    }

    /// Takes a watch back.
    ///
    /// - Parameters:
    ///   - path: Where.
    ///   - connection: Whose.
    /// - Returns: Whether there was one.
    mutating func remove(_ path: String, _ connection: Int) -> Bool {
        let path = FakeName(path)
        guard let mode = watches[path]?.removeValue(forKey: connection) else { return false }
        if mode == .recursive { recursive -= 1 }
        if watches[path]?.isEmpty == true { watches[path] = nil }
        return true
    }

    /// Takes all watches of a connection back.
    mutating func removeAll(of connection: Int) {
        for path in watches.filter({ $0.value[connection] != nil }).keys { _ = remove(path.text, connection) }
    }

    /// Fires.
    ///
    /// - Parameters:
    ///   - news: What happened.
    ///   - told: Who knows already.
    /// - Returns: The connections that are to be told, in their order.
    mutating func trigger(_ news: FakeNews, except told: [Int] = []) -> [Int] {
        var found: Set<Int> = []
        for (connection, mode) in watches[FakeName(news.path)] ?? [:] {
            switch mode {
            case .once:
                found.insert(connection)
                _ = remove(news.path, connection)
            case .persistent: found.insert(connection)
            case .recursive: if news.kind != .childrenChanged { found.insert(connection) }
            }
        }
        if recursive > 0 && news.kind != .childrenChanged { found.formUnion(recursiveWatchers(above: news.path)) }
        return found.subtracting(told).sorted()
    }

    private func recursiveWatchers(above path: String) -> [Int] {
        var found: [Int] = []
        var path = path
        while path != "/", let parent = FakePath.parent(path) {
            found += (watches[FakeName(parent)] ?? [:]).filter { $0.value == .recursive }.keys
            path = parent
        }
        return found
    }

    /// How many there are.
    var count: Int { watches.values.reduce(0) { $0 + $1.count } }
}
