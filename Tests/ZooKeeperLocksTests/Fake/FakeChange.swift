@testable import ZooKeeperLocks

/// What the leader has decided: it can be carried out on any replica that has carried out everything before it.
enum FakeChange {
    case create(path: String, FakeNode, parentCounter: Int32)
    case delete(path: String)
    case setData(path: String, data: [UInt8], version: Int32)
    case check
    case failed(ServerError)
    case createSession
    case closeSession(nodes: [String])
    case multi([(OpCode, FakeChange)])
}

/// A change with its number.
struct FakeTransaction {
    let zxid: Int64
    /// Milliseconds by the leader's clock.
    let time: Int64
    let session: Int64
    let change: FakeChange
    /// The connection on which it was asked for, if any.
    let connection: Int?
    /// When it was decided, in nanoseconds.
    let decided: Int64
}

/// What a replica answers when it has carried out a change.
enum FakeResult {
    case created(path: String, Stat)
    case stat(Stat)
    case done
    case failed(ServerError)
    case multi([(OpCode, FakeResult)])
}

/// What a change means for those who watch.
struct FakeNews {
    let kind: WatchEvent.Kind
    let path: String
    /// Only those who may read the node are told (https://nvd.nist.gov/vuln/detail/CVE-2024-23944); everybody if `nil`.
    var access: [AccessRule]?
}
