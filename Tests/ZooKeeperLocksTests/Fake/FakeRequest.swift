import NIOCore

@testable import ZooKeeperLocks

/// A request as a server reads it.
enum FakeRequest {
    case change(FakeStep, OpCode)
    case multi([FakeStep])
    case exists(path: String, watch: Bool)
    case getData(path: String, watch: Bool)
    case getChildren(path: String, watch: Bool)
    case sync(path: String)
    case ping
    case addWatch(path: String, mode: Int32)
    case removeWatches(path: String, type: Int32)
    case setWatches(since: Int64, WatchPaths)
    case auth(scheme: String, secret: [UInt8])
    case closeSession
    /// Something that servers have, and this one has not.
    case unknown
    /// Whatever it was, it is answered with an error when its turn comes.
    case refused(ServerError)

    /// Whether the leader decides about it.
    var isWrite: Bool {
        switch self {
        case .change, .multi, .closeSession: true
        default: false
        }
    }
}

/// A change as it is asked for.
enum FakeStep {
    case create(path: String, data: [UInt8], access: [AccessRule], flags: Int32, isContainer: Bool)
    case delete(path: String, version: Int32)
    case setData(path: String, data: [UInt8], version: Int32)
    case check(path: String, version: Int32)
}

extension FakeRequest {
    /// Reads what follows the header.
    init(_ type: Int32, _ reader: inout JuteReader) throws(JuteError) {
        guard let code = OpCode(rawValue: type) else {
            self = .unknown
            return
        }
        switch code {
        case .create, .create2, .createContainer, .delete, .setData:
            self = .change(try FakeStep(code, &reader), code)
        case .multi: self = .multi(try FakeStep.readAll(&reader))
        case .exists: self = .exists(path: try reader.readText(), watch: try reader.readBool())
        case .getData: self = .getData(path: try reader.readText(), watch: try reader.readBool())
        case .getChildren: self = .getChildren(path: try reader.readText(), watch: try reader.readBool())
        case .sync: self = .sync(path: try reader.readText())
        case .ping: self = .ping
        case .addWatch: self = .addWatch(path: try reader.readText(), mode: try reader.readInt())
        case .removeWatches: self = .removeWatches(path: try reader.readText(), type: try reader.readInt())
        case .setWatches, .setWatches2:
            self = .setWatches(since: try reader.readLong(), try WatchPaths(&reader, isLong: code == .setWatches2))
        case .auth:
            _ = try reader.readInt()
            self = .auth(scheme: try reader.readText(), secret: try reader.readBytes())
        case .closeSession: self = .closeSession
        case .check: self = .unknown
        }
    }
}

extension FakeStep {
    init(_ code: OpCode, _ reader: inout JuteReader) throws(JuteError) {
        let path = try reader.readText()
        switch code {
        case .delete: self = .delete(path: path, version: try reader.readInt())
        case .check: self = .check(path: path, version: try reader.readInt())
        case .setData: self = .setData(path: path, data: try reader.readBytes(), version: try reader.readInt())
        case .create, .create2, .createContainer:
            let data = try reader.readBytes()
            let access = try reader.readVector(smallest: 12) { (reader) throws(JuteError) in
                AccessRule(
                    permissions: .init(rawValue: try reader.readInt()),
                    scheme: try reader.readText(),
                    identity: try reader.readText()
                )
            }
            let flags = try reader.readInt()
            self = .create(path: path, data: data, access: access, flags: flags, isContainer: code == .createContainer)
        default: throw .truncated
        }
    }

    /// The steps of a transaction.
    static func readAll(_ reader: inout JuteReader) throws(JuteError) -> [FakeStep] {
        var steps: [FakeStep] = []
        while true {
            let type = try reader.readInt()
            let isDone = try reader.readBool()
            _ = try reader.readInt()
            if isDone { return steps }
            guard let code = OpCode(rawValue: type) else { throw .badResult(type) }
            steps.append(try FakeStep(code, &reader))
        }
    }

    /// How its result is told within a transaction.
    var code: OpCode {
        switch self {
        case .create(_, _, _, _, isContainer: true): .createContainer
        case .create: .create
        case .delete: .delete
        case .setData: .setData
        case .check: .check
        }
    }
}

extension WatchPaths {
    /// Reads three lists, or five.
    fileprivate init(_ reader: inout JuteReader, isLong: Bool) throws(JuteError) {
        self.init()
        data = try Self.paths(&reader)
        exists = try Self.paths(&reader)
        children = try Self.paths(&reader)
        guard isLong else { return }
        persistent = try Self.paths(&reader)
        persistentRecursive = try Self.paths(&reader)
    }

    private static func paths(_ reader: inout JuteReader) throws(JuteError) -> [String] {
        try reader.readVector(smallest: 4) { (reader) throws(JuteError) in try reader.readText() }
    }
}
