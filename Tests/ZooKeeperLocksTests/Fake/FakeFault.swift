@testable import ZooKeeperLocks

/// Something that goes wrong with a request.
struct FakeFault {
    enum Action: Hashable {
        /// The connection ends before the request gets there.
        case cutBefore
        /// The request is carried out, and the connection ends before its answer gets out.
        case cutAfter
        /// The request is lost, and the connection stays.
        case swallow
        /// The request is carried out, and nothing comes out of the connection any more.
        case mute
        /// The request is not carried out, and answered with an error.
        case fail(ServerError)
    }

    var action: Action
    /// Only requests of this kind.
    var code: OpCode?
    /// Only requests on this connection.
    var connection: Int?
    /// Only requests that carry this in one of their paths.
    var path: String?
    /// Whether that is to be the whole path.
    var isWhole = false
    /// How many such requests pass before.
    var skip = 0

    /// Whether a request is of the kind.
    func matches(_ connection: Int, _ code: OpCode?, _ request: FakeRequest) -> Bool {
        if let wanted = self.connection, wanted != connection { return false }
        if let wanted = self.code, wanted != code { return false }
        if let path { return request.paths.contains { isWhole ? $0 == path : $0.contains(path) } }
        return true
    }
}

/// Something that goes wrong with a handshake.
enum FakeHandshakeFault: Hashable {
    /// The server answers with another session.
    case forge(Int64)
    /// The session is made, or goes on, and the connection ends before the answer gets out.
    case cutAfter
    /// The connection ends before the handshake gets there.
    case cutBefore
    /// The handshake is lost, and the connection stays.
    case swallow
}

extension FakeRequest {
    var paths: [String] {
        switch self {
        case .change(let step, _): [step.path]
        case .multi(let steps): steps.map(\.path)
        case .exists(let path, _), .getData(let path, _), .getChildren(let path, _), .sync(let path),
            .addWatch(let path, _), .removeWatches(let path, _):
            [path]
        case .setWatches(_, let paths):
            paths.data + paths.exists + paths.children + paths.persistent + paths.persistentRecursive
        case .ping, .auth, .closeSession, .unknown, .refused: []
        }
    }
}

extension FakeStep {
    var path: String {
        switch self {
        case .create(let path, _, _, _, _), .delete(let path, _), .setData(let path, _, _), .check(let path, _): path
        }
    }
}
