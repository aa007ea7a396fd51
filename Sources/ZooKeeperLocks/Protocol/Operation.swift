import NIOCore

/// What a client can ask for. Paths are those that the user of the client knows, below its chroot.
enum Operation: Hashable, Sendable {
    /// Makes a node. The answer is ``Reply/created(path:_:)``.
    case create(path: String, data: [UInt8] = [], access: [AccessRule] = [.open], mode: CreateMode)
    /// Deletes a node without children; −1 stands for any version.
    case delete(path: String, version: Int32 = -1)
    /// What is known of a node. A watch tells when it is made, changed or deleted.
    case exists(path: String, watch: Bool = false)
    /// The data of a node. A watch, which is set only if there is such a node, tells when it is changed or deleted.
    case getData(path: String, watch: Bool = false)
    /// Changes the data of a node.
    case setData(path: String, data: [UInt8], version: Int32 = -1)
    /// The names of the nodes below a node. A watch tells when one comes or goes, or the node itself is deleted.
    case getChildren(path: String, watch: Bool = false)
    /// Lets this server catch up with its leader before it answers what comes next on this connection.
    case sync(path: String)
    /// All of them, or none.
    case multi([MultiOperation])
    /// Sets a watch that stays: on a node, or also on everything below it.
    case addWatch(path: String, isRecursive: Bool)
    /// Takes back the watches of one kind on a node.
    case removeWatches(path: String, WatchKind)
    /// Ends the session, and deletes the nodes that go with it.
    case closeSession
}

/// One step of a ``Operation/multi(_:)``.
enum MultiOperation: Hashable, Sendable {
    case create(path: String, data: [UInt8] = [], access: [AccessRule] = [.open], mode: CreateMode)
    case delete(path: String, version: Int32 = -1)
    case setData(path: String, data: [UInt8], version: Int32 = -1)
    /// Fails unless there is such a node, of this version.
    case check(path: String, version: Int32 = -1)
}

/// What a watch is about, as it is counted when it is taken back.
enum WatchKind: Int32, Hashable, Sendable {
    case children = 1
    case data = 2
    case any = 3
    case persistent = 4
    case persistentRecursive = 5
}

extension Operation {
    /// The number of the request.
    var code: OpCode {
        switch self {
        case .create(_, _, _, .container): .createContainer
        case .create: .create2
        case .delete: .delete
        case .exists: .exists
        case .getData: .getData
        case .setData: .setData
        case .getChildren: .getChildren
        case .sync: .sync
        case .multi: .multi
        case .addWatch: .addWatch
        case .removeWatches: .removeWatches
        case .closeSession: .closeSession
        }
    }

    /// Whether it goes through the leader as a transaction, which checks the session.
    var isWrite: Bool {
        switch self {
        case .create, .delete, .setData, .multi, .closeSession: true
        case .exists, .getData, .getChildren, .sync, .addWatch, .removeWatches: false
        }
    }

    /// The node that it sets a watch on; `nil` if it sets none.
    var watchedPath: String? {
        switch self {
        case .exists(let path, true), .getData(let path, true), .getChildren(let path, true), .addWatch(let path, _):
            path
        default: nil
        }
    }

    /// Writes the whole frame.
    ///
    /// - Parameters:
    ///   - xid: The number of the request.
    ///   - chroot: What comes before every path.
    ///   - bytes: Where to.
    func write(xid: Int32, below chroot: Chroot, into bytes: inout ByteBuffer) {
        bytes.writeFrame { bytes in
            bytes.writeJute(xid)
            bytes.writeJute(code.rawValue)
            writeBody(below: chroot, into: &bytes)
        }
    }

    private func writeBody(below chroot: Chroot, into bytes: inout ByteBuffer) {
        switch self {
        case .create(let path, let data, let access, let mode):
            bytes.writeCreate(chroot.full(path), data, access, mode)
        case .delete(let path, let version):
            bytes.writeJute(chroot.full(path))
            bytes.writeJute(version)
        case .exists(let path, let watch), .getData(let path, let watch), .getChildren(let path, let watch):
            bytes.writeJute(chroot.full(path))
            bytes.writeJute(watch)
        case .setData(let path, let data, let version):
            bytes.writeJute(chroot.full(path))
            bytes.writeJute(data)
            bytes.writeJute(version)
        case .sync(let path):
            bytes.writeJute(chroot.full(path))
        case .multi(let operations):
            for operation in operations { operation.write(below: chroot, into: &bytes) }
            bytes.writeMultiHeader(type: -1, isDone: true)
        case .addWatch(let path, let isRecursive):
            bytes.writeJute(chroot.full(path))
            bytes.writeJute(Int32(isRecursive ? 1 : 0))
        case .removeWatches(let path, let kind):
            bytes.writeJute(chroot.full(path))
            bytes.writeJute(kind.rawValue)
        case .closeSession:
            break
        }
    }
}

extension MultiOperation {
    fileprivate func write(below chroot: Chroot, into bytes: inout ByteBuffer) {
        bytes.writeMultiHeader(type: code.rawValue, isDone: false)
        switch self {
        case .create(let path, let data, let access, let mode):
            bytes.writeCreate(chroot.full(path), data, access, mode)
        case .delete(let path, let version), .check(let path, let version):
            bytes.writeJute(chroot.full(path))
            bytes.writeJute(version)
        case .setData(let path, let data, let version):
            bytes.writeJute(chroot.full(path))
            bytes.writeJute(data)
            bytes.writeJute(version)
        }
    }

    /// Within a transaction, what makes a node is answered with its path alone: the longer form had no complete answer there
    /// before https://issues.apache.org/jira/browse/ZOOKEEPER-4026.
    private var code: OpCode {
        switch self {
        case .create(_, _, _, .container): .createContainer
        case .create: .create
        case .delete: .delete
        case .setData: .setData
        case .check: .check
        }
    }
}

extension ByteBuffer {
    fileprivate mutating func writeCreate(_ path: String, _ data: [UInt8], _ access: [AccessRule], _ mode: CreateMode) {
        writeJute(path)
        writeJute(data)
        writeJute(access) { rule, bytes in rule.write(into: &bytes) }
        writeJute(mode.rawValue)
    }

    fileprivate mutating func writeMultiHeader(type: Int32, isDone: Bool) {
        writeJute(type)
        writeJute(isDone)
        writeJute(Int32(-1))
    }
}
