/// Why the changes of ``ZooKeeperStore/write(_:while:)`` were not made, though the lock is held. None of them was.
public struct GuardedWriteError: Error, Hashable, Sendable {
    /// What is the matter with a change.
    @nonexhaustive
    public enum Reason: Hashable, Sendable {
        /// There is no such node, or, for one to be made, none above it.
        case missing
        /// There is such a node already.
        case exists
        /// The node has another version.
        case otherVersion
        /// The node has children.
        case hasChildren
        /// The rights of the node do not allow it.
        case denied
        /// Something else: the code of the error as ZooKeeper's clients know it, below zero.
        case other(code: Int32)
    }

    /// Which change, counted from zero.
    public let index: Int
    /// That change.
    public let change: GuardedChange
    /// What is the matter with it.
    public let reason: Reason

    init(index: Int, change: GuardedChange, error: ServerError) {
        self.index = index
        self.change = change
        reason =
            switch error {
            case .noNode: .missing
            case .nodeExists: .exists
            case .badVersion: .otherVersion
            case .notEmpty: .hasChildren
            case .noAuth: .denied
            default: .other(code: error.rawValue)
            }
    }
}

extension GuardedWriteError: CustomStringConvertible {
    /// For example `nothing was written: /app/state has another version`.
    public var description: String {
        let matter =
            switch reason {
            case .missing: "there is no such node, or none above it"
            case .exists: "the node exists already"
            case .otherVersion: "the node has another version"
            case .hasChildren: "the node has children"
            case .denied: "no right to do that with the node"
            case .other(let code): "\(ServerError(rawValue: code))"
            }
        return "nothing was written, because of \(change.path): \(matter)"
    }
}
