/// One step of ``ZooKeeperStore/write(_:while:)``.
///
/// Paths begin at the root of the ensemble (`/app/state`), not at the node that the locks are below: what a lock protects
/// is usually kept elsewhere.
@nonexhaustive
public enum GuardedChange: Hashable, Sendable {
    /// Makes a node with the rights that the store gives its own (see ``ZooKeeperAccess``). There must not be one.
    case create(path: String, data: [UInt8])
    /// Writes into a node that is there; with a version, only if it has that version.
    case setData(path: String, data: [UInt8], version: Int32? = nil)
    /// Deletes a node that is there and has no children; with a version, only if it has that version.
    case delete(path: String, version: Int32? = nil)
    /// Changes nothing, and fails unless there is the node; with a version, unless it has that version.
    case check(path: String, version: Int32? = nil)

    /// What it is about.
    public var path: String {
        switch self {
        case .create(let path, _), .setData(let path, _, _), .delete(let path, _), .check(let path, _): path
        }
    }
}

extension GuardedChange {
    /// The step of a transaction; a version of -1 is any.
    func operation(access: [AccessRule]) -> MultiOperation {
        switch self {
        case .create(let path, let data): .create(path: path, data: data, access: access, mode: .persistent)
        case .setData(let path, let data, let version): .setData(path: path, data: data, version: version ?? -1)
        case .delete(let path, let version): .delete(path: path, version: version ?? -1)
        case .check(let path, let version): .check(path: path, version: version ?? -1)
        }
    }
}
