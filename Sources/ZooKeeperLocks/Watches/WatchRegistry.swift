/// Which watches the server keeps for us, and who is told when one of them fires.
///
/// Watches belong to a session, but a server keeps them for a connection only: on a new one they are set again, see
/// ``paths``.
struct WatchRegistry<Watcher: Hashable & Sendable>: Sendable {
    /// What a watch tells of.
    enum Interest: Hashable, Sendable {
        /// That the node is changed or deleted. Once.
        case data
        /// That a node is made. Once.
        case existence
        /// That a child comes or goes, or that the node is deleted. Once.
        case children
        /// Everything about the node, until the watch is taken back.
        case persistent
        /// Everything about the node and all nodes below it, until the watch is taken back.
        case persistentRecursive
    }

    private struct Place: Hashable {
        let interest: Interest
        let path: String
    }

    private struct Watched: Sendable {
        /// When it was first watched, among all.
        let order: Int
        var watchers: [Watcher]
    }

    private var places: [Place: Watched] = [:]
    private var added = 0
    private var recursiveCount = 0

    /// How many nodes are watched, each counted once for every interest.
    var count: Int { places.count }

    /// The server has set a watch.
    mutating func add(_ watcher: Watcher, _ interest: Interest, at path: String) {
        let place = Place(interest: interest, path: path)
        if places[place] == nil, interest == .persistentRecursive { recursiveCount += 1 }
        guard places[place]?.watchers.contains(watcher) != true else { return }
        added += 1
        places[place, default: Watched(order: added, watchers: [])].watchers.append(watcher)
    }

    /// Forgets one watcher of a node; the server may go on to watch it.
    mutating func remove(_ watcher: Watcher, at path: String) {
        for interest in [Interest.data, .existence, .children, .persistent, .persistentRecursive] {
            let place = Place(interest: interest, path: path)
            guard var left = places[place] else { continue }
            left.watchers.removeAll { $0 == watcher }
            if left.watchers.isEmpty { forget(place) } else { places[place] = left }
        }
    }

    /// The server tells of an event: who is to be told. Watches that fire once are forgotten.
    mutating func fired(_ event: WatchEvent) -> [Watcher] {
        var told: [Watcher] = []
        for interest in Self.once(event.kind) {
            told += forget(Place(interest: interest, path: event.path))
        }
        told += places[Place(interest: .persistent, path: event.path)]?.watchers ?? []
        if recursiveCount > 0, event.kind != .childrenChanged { told += recursiveWatchers(of: event.path) }
        return told
    }

    /// The session is over, and its watches with it: who is to be told, in the order in which they came.
    mutating func removeAll() -> [Watcher] {
        defer {
            places = [:]
            recursiveCount = 0
        }
        return inOrder.flatMap(\.value.watchers)
    }

    /// Everything that is watched, in portions that fit into a frame.
    ///
    /// - Parameter limit: How many bytes the paths of a portion may have. A server refuses frames above a limit of its own,
    ///   for ever and on every connection (https://issues.apache.org/jira/browse/ZOOKEEPER-706).
    /// - Returns: The portions.
    func paths(portion limit: Int) -> [WatchPaths] {
        var portions: [WatchPaths] = []
        var current = WatchPaths()
        var length = 0
        for place in inOrder.map(\.key) {
            let needed = place.path.utf8.count + 4
            if length + needed > limit, !current.isEmpty {
                portions.append(current)
                current = WatchPaths()
                length = 0
            }
            length += needed
            switch place.interest {
            case .data: current.data.append(place.path)
            case .existence: current.exists.append(place.path)
            case .children: current.children.append(place.path)
            case .persistent: current.persistent.append(place.path)
            case .persistentRecursive: current.persistentRecursive.append(place.path)
            }
        }
        if !current.isEmpty { portions.append(current) }
        return portions
    }

    private var inOrder: [(key: Place, value: Watched)] { places.sorted { $0.value.order < $1.value.order } }

    /// The watches that an event uses up.
    private static func once(_ kind: WatchEvent.Kind) -> [Interest] {
        switch kind {
        case .created, .dataChanged: [.data, .existence]
        case .deleted: [.data, .existence, .children]
        case .childrenChanged: [.children]
        case .none, .dataWatchRemoved, .childWatchRemoved, .persistentWatchRemoved: []
        }
    }

    @discardableResult
    private mutating func forget(_ place: Place) -> [Watcher] {
        guard let gone = places.removeValue(forKey: place) else { return [] }
        if place.interest == .persistentRecursive { recursiveCount -= 1 }
        return gone.watchers
    }

    /// Those who watch the node, or any node above it, with everything below.
    private func recursiveWatchers(of path: String) -> [Watcher] {
        var told = places[Place(interest: .persistentRecursive, path: path)]?.watchers ?? []
        var rest = path[...]
        while let slash = rest.lastIndex(of: "/"), rest != "/" {
            rest = slash == rest.startIndex ? "/" : rest[..<slash]
            told += places[Place(interest: .persistentRecursive, path: String(rest))]?.watchers ?? []
        }
        return told
    }
}
