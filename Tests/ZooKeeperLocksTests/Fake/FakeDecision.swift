@testable import ZooKeeperLocks

/// How the leader decides about changes, on the state that follows from all that was decided before.
struct FakeDecision {
    private(set) var tree: FakeTree
    /// Within a transaction the next number is counted apart from the tree, where it can stick.
    private var counters: [FakeName: Int32] = [:]

    init(_ tree: FakeTree) {
        self.tree = tree
    }

    /// Who asks for a change.
    struct Author {
        var session: Int64
        var identities: [FakeIdentity]
        /// Who may do everything.
        var isOperator = false
    }

    /// Decides about one change, and carries it out in ``tree``.
    ///
    /// - Parameters:
    ///   - step: What is asked for.
    ///   - author: By whom.
    ///   - zxid: The number that it gets.
    ///   - time: The leader's clock.
    /// - Returns: The change.
    /// - Throws: The reason why not.
    mutating func decide(
        _ step: FakeStep,
        _ author: Author,
        _ zxid: Int64,
        _ time: Int64
    ) throws(ServerError) -> FakeChange {
        let change = try judge(step, author)
        var news: [FakeNews] = []
        _ = tree.apply(change, zxid, time, &news)
        return change
    }

    private mutating func judge(_ step: FakeStep, _ author: Author) throws(ServerError) -> FakeChange {
        switch step {
        case .create(let path, let data, let access, let flags, let isContainer):
            return try create(path, data, access, flags, isContainer, author)
        case .delete(let path, let version):
            return try delete(path, version, author)
        case .setData(let path, let data, let version):
            let node = try node(path, .write, version, author)
            return .setData(path: path, data: data, version: node.stat.version &+ 1)
        case .check(let path, let version):
            _ = try node(path, .read, version, author)
            return .check
        }
    }

    private mutating func create(
        _ path: String,
        _ data: [UInt8],
        _ access: [AccessRule],
        _ flags: Int32,
        _ isContainer: Bool,
        _ author: Author
    ) throws(ServerError) -> FakeChange {
        guard (0...6).contains(flags) else { throw .badArguments }
        guard flags < 5 else { throw .unimplemented }
        guard let parent = FakePath.parent(path), !path.utf8.contains(0) else { throw .badArguments }
        var node = FakeNode(data: data, isContainer: isContainer)
        node.access = try FakeIdentity.rules(access, for: author.identities)
        guard let above = tree.node(parent) else { throw .noNode }
        try allow(above, .create, author)
        let counter = counters[FakeName(parent)] ?? above.counter
        let path = flags == 2 || flags == 3 ? path + FakePath.suffix(counter) : path
        guard FakePath.isValid(path) else { throw .badArguments }
        guard tree.node(path) == nil else { throw .nodeExists }
        guard above.stat.ephemeralOwner == 0 else { throw .noChildrenForEphemerals }
        if !isContainer && (flags == 1 || flags == 3) { node.stat.ephemeralOwner = author.session }
        counters[FakeName(parent)] = counter &+ 1
        return .create(path: path, node, parentCounter: counter &+ 1)
    }

    private func delete(_ path: String, _ version: Int32, _ author: Author) throws(ServerError) -> FakeChange {
        guard let parent = FakePath.parent(path), !path.utf8.contains(0), !FakePath.special.contains(path) else {
            throw .badArguments
        }
        guard let above = tree.node(parent) else { throw .noNode }
        try allow(above, .delete, author)
        guard let node = tree.node(path) else { throw .noNode }
        guard version == -1 || version == node.stat.version else { throw .badVersion }
        guard node.children.isEmpty else { throw .notEmpty }
        return .delete(path: path)
    }

    private func node(
        _ path: String,
        _ permission: AccessRule.Permissions,
        _ version: Int32,
        _ author: Author
    ) throws(ServerError) -> FakeNode {
        guard FakePath.isValid(path) else { throw .badArguments }
        guard let node = tree.node(path) else { throw .noNode }
        try allow(node, permission, author)
        guard version == -1 || version == node.stat.version else { throw .badVersion }
        return node
    }

    private func allow(
        _ node: FakeNode,
        _ permission: AccessRule.Permissions,
        _ author: Author
    ) throws(ServerError) {
        guard author.isOperator || FakeIdentity.allows(node.access, permission, author.identities) else {
            throw .noAuth
        }
    }
}
