import NIOCore

@testable import ZooKeeperLocks

extension FakeZooKeeper {
    /// Every replica carries out what it may.
    func pumpAll() {
        if let leader { pump(leader) }
        for index in servers.indices where index != leader { pump(index) }
        trimLog()
    }

    /// A replica carries out what it may, and answers what it can.
    func pump(_ index: Int) {
        guard servers[index].isServing, !servers[index].isStalled, reachesLeader(index) else { return }
        while servers[index].applied < decided, isDue(index) { applyNext(index) }
        guard !waiting.isEmpty else { return }
        for connection in waiting.sorted() where connections[connection]?.server == index { drain(connection) }
    }

    private func isDue(_ index: Int) -> Bool {
        switch servers[index].lag {
        case .none: true
        case .held: false
        case .delay(let delay): log[servers[index].applied - logStart].decided + delay.nanoseconds <= now
        }
    }

    /// A replica carries out one transaction: its watches fire, and then the request is answered.
    func applyNext(_ index: Int) {
        let transaction = log[servers[index].applied - logStart]
        servers[index].applied += 1
        var news: [FakeNews] = []
        let result = servers[index].tree.apply(transaction, &news)
        for piece in news { tell(piece, index) }
        if let connection = transaction.connection, connections[connection]?.server == index {
            finish(connection, result)
        }
        if case .closeSession = transaction.change { closeConnections(of: transaction.session, on: index) }
    }

    /// Drops what every replica has carried out.
    private func trimLog() {
        guard log.count > 64 else { return }
        let done = servers.filter(\.isRunning).map(\.applied).min() ?? decided
        log.removeFirst(done - logStart)
        logStart = done
    }

    // MARK: Watches

    private func tell(_ news: FakeNews, _ server: Int) {
        if news.kind == .childrenChanged {
            return notify(servers[server].childWatches.trigger(news), news)
        }
        let told = servers[server].dataWatches.trigger(news)
        notify(told, news)
        if news.kind == .deleted { notify(servers[server].childWatches.trigger(news, except: told), news) }
    }

    private func notify(_ connections: [Int], _ news: FakeNews) {
        for connection in connections { notify(connection, news) }
    }

    private func notify(_ connection: Int, _ news: FakeNews) {
        if let access = news.access,
            !FakeIdentity.allows(access, .read, connections[connection]?.identities ?? [])
        {
            return
        }
        var bytes = ByteBuffer()
        bytes.writeFrame { bytes in
            bytes.writeHeader(Xid.event, -1, .ok)
            bytes.writeJute(news.kind.rawValue)
            bytes.writeJute(Int32(3))
            bytes.writeJute(news.path)
        }
        send(bytes, connection)
    }

    /// Sets watches again, and tells at once what has happened in between.
    func setWatches(since zxid: Int64, _ paths: WatchPaths, _ connection: Int, _ server: Int) {
        for path in paths.data {
            switch servers[server].tree.node(path) {
            case nil: notify(connection, FakeNews(kind: .deleted, path: path))
            case let node? where node.stat.mzxid > zxid: notify(connection, FakeNews(kind: .dataChanged, path: path))
            default: servers[server].dataWatches.add(path, connection, .once)
            }
        }
        for path in paths.exists {
            if servers[server].tree.node(path) != nil {
                notify(connection, FakeNews(kind: .created, path: path))
            } else {
                servers[server].dataWatches.add(path, connection, .once)
            }
        }
        for path in paths.children {
            switch servers[server].tree.node(path) {
            case nil: notify(connection, FakeNews(kind: .deleted, path: path))
            case let node? where node.stat.pzxid > zxid:
                notify(connection, FakeNews(kind: .childrenChanged, path: path))
            default: servers[server].childWatches.add(path, connection, .once)
            }
        }
        for (list, mode) in [(paths.persistent, FakeWatches.Mode.persistent), (paths.persistentRecursive, .recursive)] {
            for path in list { addWatch(path, connection, server, mode) }
        }
    }

    /// Sets a watch that stays.
    func addWatch(_ path: String, _ connection: Int, _ server: Int, _ mode: FakeWatches.Mode) {
        servers[server].dataWatches.add(path, connection, mode)
        servers[server].childWatches.add(path, connection, mode)
    }

    /// Takes watches back.
    ///
    /// - Returns: What to answer.
    func removeWatches(_ path: String, _ type: Int32, _ connection: Int, _ server: Int) -> ServerError {
        var removed = false
        switch type {
        case WatchKind.children.rawValue: removed = servers[server].childWatches.remove(path, connection)
        case WatchKind.data.rawValue: removed = servers[server].dataWatches.remove(path, connection)
        case WatchKind.any.rawValue:
            removed = servers[server].childWatches.remove(path, connection)
            if servers[server].dataWatches.remove(path, connection) { removed = true }
        default: return .marshallingError
        }
        return removed ? .ok : .noWatcher
    }
}
