public import DistributedLocks
import Synchronization

extension ZooKeeperStore {
    /// How many nodes are asked about in one go.
    private static let portion = 256
    /// How deep locks are looked for where names are paths.
    private static let depth = 16

    /// Who holds a name and who waits for it, whichever program it is; see `LockStore.status`.
    public func status(of name: LockName) async throws -> LockStatus {
        let directory = try paths.path(of: name)
        do {
            return try await status(of: name, directory, children(of: directory))
        } catch {
            throw translate(error)
        }
    }

    /// All names that are held or waited for; see `LockStore.list`. Not at one instant: locks may change while it looks.
    public func list() async throws -> [LockStatus] {
        do {
            var found: [LockStatus] = []
            var level = ["/"]
            for _ in 0..<(paths.areNested ? Self.depth : 1) {
                var next: [String] = []
                for (path, nodes) in try await children(of: level) {
                    // Where no lock is below another, all nodes are locks, whatever they are called.
                    for node in nodes
                    where !(paths.areNested && ContenderName(node) != nil) && !(path == "/" && paths.isReserved(node)) {
                        next.append(path == "/" ? "/\(node)" : "\(path)/\(node)")
                    }
                }
                found += try await statuses(of: next)
                level = next
            }
            return found.sorted { $0.name < $1.name }
        } catch {
            throw translate(error)
        }
    }

    /// Deletes the nodes of the holder of a name; see `LockStore.forceRelease`.
    ///
    /// A holder of ours is told first, and lets go by itself; any other, and one that does not react, is cut off. Nodes are deleted
    /// by their paths, which no other claim ever has: if the holder that is meant has gone meanwhile, the next one stays.
    public func forceRelease(_ name: LockName, from condition: HolderCondition) async throws -> [Holder] {
        let directory = try paths.path(of: name)
        do {
            while true {
                let order = try await describe(children(of: directory), in: directory)
                guard let first = order.first else { return [] }
                guard first.isMeant(by: condition) else {
                    throw LockError.busy(name, Contention(holders: [first.text.holder]))
                }
                // One holder may have several nodes, for clients that do not know each other's names.
                let nodes = order.filter { $0.stat.czxid == first.stat.czxid }
                let wasToldFirst = try await tell(nodes, in: directory)
                let outcome = try await delete(nodes.map { "\(directory)/\($0.node)" }, until: deadline)
                if outcome == .released || wasToldFirst { return [first.text.holder] }
                // It went by itself. Whether somebody else holds the name now matters only to who meant a certain holder.
                if condition == .any { return [] }
            }
        } catch {
            throw translate(error)
        }
    }

    /// How long a holder has to let go by itself.
    private static let courtesy = Duration.milliseconds(250)

    /// Tells a holder that it is about to be cut off, and waits for a moment.
    ///
    /// - Returns: Whether it was still there to be told.
    /// - Throws: ``RequestFailure`` if that is not known.
    private func tell(_ nodes: [Described], in directory: String) async throws -> Bool {
        let gone = Latch<Void>()
        let watch = Watch { event in if event?.kind != .dataChanged { gone.open(()) } }
        let requests = nodes.map { node -> (Operation, Watch?) in
            (.setData(path: "\(directory)/\(node.node)", data: NodeText.revoked(node.data)), nil)
        }
        // On a node that is gone already, this sets no watch.
        let path = "\(directory)/\(nodes[0].node)"
        defer { client.forget(watch, at: path) }
        let outcomes = try await client.send(requests + [(.getData(path: path, watch: true), watch)], until: deadline)
        // Without an answer it may not have been told, and must not be cut off yet.
        guard case .success = try outcomes.first?.get().result else { return false }
        let waiter = gone.enter()
        let ticket = timers.schedule(at: clock.now.advanced(by: Self.courtesy)) { gone.giveUp(waiter) }
        defer { timers.cancel(ticket) }
        if case .success(let answer)? = outcomes.last, case .failure(.noNode) = answer.result { return true }
        _ = await gone.value(for: waiter)
        return true
    }
}

/// A contender, with what is in its node.
private struct Described {
    let node: String
    let data: [UInt8]
    let text: NodeText
    let stat: Stat

    /// Whether a forced release is about this contender, if it is the holder.
    func isMeant(by condition: HolderCondition) -> Bool {
        if case .owner(let owner) = condition, !NodeNames(owner, naming: .both).own(among: [node]).isEmpty {
            return true
        }
        return condition.matches(owner: text.owner, token: FencingToken(rawValue: UInt64(bitPattern: stat.czxid)))
    }
}

extension ZooKeeperStore {
    private var deadline: LeaseClock.Instant { clock.now.advanced(by: configuration.requestTimeout) }

    /// Asks, and asks again if an answer gets lost.
    private func read(_ operations: [Operation]) async throws -> [Exchange.Outcome] {
        let deadline = deadline
        while true {
            let outcomes = try await client.send(operations.map { ($0, nil) }, until: deadline)
            let isComplete = !outcomes.contains { if case .failure(.unanswered) = $0 { true } else { false } }
            if isComplete || clock.now >= deadline { return outcomes }
        }
    }

    private func checkOpen() throws(LockError) {
        if isClosed.load(ordering: .sequentiallyConsistent) { throw .closed(store: label) }
    }

    private func children(of directory: String) async throws -> [String] {
        try await children(of: [directory]).first?.nodes ?? []
    }

    /// The children of nodes; those that are not there are left out.
    private func children(of directories: [String]) async throws -> [(path: String, nodes: [String])] {
        try checkOpen()
        var found: [(path: String, nodes: [String])] = []
        for directories in directories.portions(of: Self.portion) {
            let outcomes = try await read(directories.map { .getChildren(path: $0) })
            for (directory, outcome) in zip(directories, outcomes) {
                switch try outcome.get().result {
                case .success(.children(let nodes)): found.append((directory, nodes))
                case .success, .failure(.noNode): continue
                case .failure(let error): throw error
                }
            }
        }
        return found
    }

    /// Those of the directories that are locks in use.
    private func statuses(of directories: [String]) async throws -> [LockStatus] {
        var found: [LockStatus] = []
        for (path, nodes) in try await children(of: directories) {
            guard let name = paths.name(of: path) else { continue }
            let status = try await status(of: name, path, nodes)
            if !status.isIdle { found.append(status) }
        }
        return found
    }

    private func status(of name: LockName, _ directory: String, _ nodes: [String]) async throws -> LockStatus {
        let order = try await describe(nodes, in: directory)
        // The nodes of one claim count once.
        var seen: Set<Int64> = []
        let claims = order.filter { seen.insert($0.stat.czxid).inserted }
        let participants = claims.enumerated().map { index, contender in
            LockStatus.Participant(
                holder: contender.text.holder,
                mode: .exclusive,
                owner: contender.text.owner,
                token: index == 0 ? FencingToken(rawValue: UInt64(bitPattern: contender.stat.czxid)) : nil
            )
        }
        return LockStatus(name: name, holders: Array(participants.prefix(1)), waiters: Array(participants.dropFirst()))
    }

    /// What is in the contenders among the nodes, in their order.
    private func describe(_ nodes: [String], in directory: String) async throws -> [Described] {
        let contenders = nodes.compactMap { ContenderName($0)?.node }
        let order = Queue.order(of: contenders)
        var described: [Described] = []
        for nodes in (order ?? contenders).portions(of: Self.portion) {
            let requests = nodes.map { Operation.getData(path: "\(directory)/\($0)") }
            for (node, outcome) in zip(nodes, try await read(requests)) {
                switch try outcome.get().result {
                case .success(.data(let data, let stat)):
                    described.append(Described(node: node, data: data, text: NodeText(data, stat), stat: stat))
                case .success, .failure(.noNode): continue
                case .failure(let error): throw error
                }
            }
        }
        return order == nil ? described.sorted { ($0.stat.czxid, $0.node) < ($1.stat.czxid, $1.node) } : described
    }
}

extension Array {
    /// The elements in order, so many at a time.
    fileprivate func portions(of size: Int) -> [[Element]] {
        stride(from: 0, to: count, by: size).map { Array(self[$0..<Swift.min($0 + size, count)]) }
    }
}
