@testable import ZooKeeperLocks

/// The nodes of a replica, or those that the leader has decided about.
struct FakeTree {
    private(set) var nodes: [FakeName: FakeNode] = [:]
    /// The nodes that go with a session.
    private(set) var ephemerals: [Int64: Set<FakeName>] = [:]
    /// The last transaction that was carried out.
    var zxid: Int64

    /// Makes what a new ensemble has.
    init(zxid: Int64 = 0) {
        self.zxid = zxid
        for path in FakePath.special { nodes[FakeName(path)] = FakeNode() }
        nodes[FakeName("/")]?.children = [FakeName("zookeeper")]
        nodes[FakeName("/zookeeper")]?.children = [FakeName("quota"), FakeName("config")]
    }

    /// A node; the root has two names.
    func node(_ path: String) -> FakeNode? { nodes[FakeName(path.isEmpty ? "/" : path)] }

    /// The nodes of a session in an order that is always the same.
    func ephemerals(of session: Int64) -> [String] { ephemerals[session]?.sorted().map(\.text) ?? [] }

    /// Sets the number that the next sequential child gets.
    mutating func setCounter(_ path: String, _ counter: Int32) { nodes[FakeName(path)]?.counter = counter }

    /// Carries a transaction out.
    ///
    /// - Parameters:
    ///   - transaction: The one that comes next.
    ///   - news: Gets what happened to which node, in the order in which it happened.
    /// - Returns: What to answer.
    mutating func apply(_ transaction: FakeTransaction, _ news: inout [FakeNews]) -> FakeResult {
        zxid = transaction.zxid
        return apply(transaction.change, transaction.zxid, transaction.time, &news)
    }

    /// Carries out a part of a transaction.
    mutating func apply(_ change: FakeChange, _ zxid: Int64, _ time: Int64, _ news: inout [FakeNews]) -> FakeResult {
        switch change {
        case .create(let path, let node, let counter):
            return .created(path: path, create(path, node, counter, zxid, time, &news))
        case .delete(let path):
            delete(path, zxid, &news)
            return .done
        case .setData(let path, let data, let version):
            return .stat(setData(path, data, version, zxid, time, &news))
        case .check, .createSession: return .done
        case .failed(let error): return .failed(error)
        case .closeSession(let paths):
            for path in paths { delete(path, zxid, &news) }
            return .done
        case .multi(let parts):
            var results: [(OpCode, FakeResult)] = []
            for (code, part) in parts { results.append((code, apply(part, zxid, time, &news))) }
            return .multi(results)
        }
    }

    private mutating func create(
        _ path: String,
        _ template: FakeNode,
        _ parentCounter: Int32,
        _ zxid: Int64,
        _ time: Int64,
        _ news: inout [FakeNews]
    ) -> Stat {
        let (path, parent) = names(path)
        var node = template
        (node.stat.czxid, node.stat.mzxid, node.stat.pzxid) = (zxid, zxid, zxid)
        (node.stat.ctime, node.stat.mtime) = (time, time)
        nodes[path] = node
        nodes[parent]?.children.insert(FakeName(FakePath.name(path.text)))
        // A counter that has come to its end stays there: https://issues.apache.org/jira/browse/ZOOKEEPER-3249
        if let old = nodes[parent]?.counter, parentCounter > old {
            nodes[parent]?.counter = parentCounter
            nodes[parent]?.stat.pzxid = zxid
        }
        if node.stat.ephemeralOwner != 0 { ephemerals[node.stat.ephemeralOwner, default: []].insert(path) }
        news.append(FakeNews(kind: .created, path: path.text, access: node.access))
        news.append(FakeNews(kind: .childrenChanged, path: parent.text, access: nodes[parent]?.access))
        return node.clientStat
    }

    private mutating func delete(_ path: String, _ zxid: Int64, _ news: inout [FakeNews]) {
        let (path, parent) = names(path)
        nodes[parent]?.children.remove(FakeName(FakePath.name(path.text)))
        if let old = nodes[parent]?.stat.pzxid { nodes[parent]?.stat.pzxid = max(old, zxid) }
        let node = nodes.removeValue(forKey: path)
        if let owner = node?.stat.ephemeralOwner, owner != 0 {
            ephemerals[owner]?.remove(path)
            if ephemerals[owner]?.isEmpty == true { ephemerals[owner] = nil }
        }
        news.append(FakeNews(kind: .deleted, path: path.text, access: node?.access))
        news.append(FakeNews(kind: .childrenChanged, path: parent.text, access: nodes[parent]?.access))
    }

    private mutating func setData(
        _ path: String,
        _ data: [UInt8],
        _ version: Int32,
        _ zxid: Int64,
        _ time: Int64,
        _ news: inout [FakeNews]
    ) -> Stat {
        let path = FakeName(path)
        nodes[path]?.data = data
        nodes[path]?.stat.mzxid = zxid
        nodes[path]?.stat.mtime = time
        nodes[path]?.stat.version = version
        news.append(FakeNews(kind: .dataChanged, path: path.text, access: nodes[path]?.access))
        return nodes[path]?.clientStat ?? Stat()
    }

    private func names(_ path: String) -> (path: FakeName, parent: FakeName) {
        (FakeName(path), FakeName(FakePath.parent(path) ?? "/"))
    }
}
