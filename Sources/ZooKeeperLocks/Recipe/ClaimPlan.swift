import DistributedLocks

/// Everything that the nodes of one claim are made from.
struct ClaimPlan: Sendable {
    /// The node that the contenders are below.
    let directory: String
    /// How the nodes are called.
    let names: NodeNames
    /// What is written into them.
    let data: [UInt8]
    /// Who may do what with them.
    let access: [AccessRule]
    /// How nodes above are made: containers vanish by themselves once they are empty.
    let directoryMode: CreateMode

    /// The path of a node in the directory.
    func path(_ node: String) -> String { "\(directory)/\(node)" }

    /// The name of a node in the directory.
    func node(_ path: String) -> String { String(path.utf8.dropFirst(directory.utf8.count + 1)) ?? path }

    /// The request that makes the nodes.
    var creation: Operation {
        if names.prefixes.count == 1, let prefix = names.prefixes.first {
            return .create(path: path(prefix), data: data, access: access, mode: .ephemeralSequential)
        }
        // All at once: numbers that follow each other, and nobody ever sees one without the other.
        return .multi(
            names.prefixes.map { .create(path: path($0), data: data, access: access, mode: .ephemeralSequential) }
        )
    }

    /// The requests that make the nodes above, from the first below the chroot down to the directory. It is no error if one is there already.
    func makingAncestors(_ mode: CreateMode) -> [Operation] {
        LockPaths.ancestors(of: directory).map { .create(path: $0, data: [], access: access, mode: mode) }
    }
}
