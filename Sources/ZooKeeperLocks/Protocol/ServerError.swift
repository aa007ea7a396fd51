/// An error code of a server (`KeeperException.Code`).
struct ServerError: Error, RawRepresentable, Hashable, Sendable {
    let rawValue: Int32

    static let ok = ServerError(rawValue: 0)
    static let systemError = ServerError(rawValue: -1)
    static let runtimeInconsistency = ServerError(rawValue: -2)
    static let dataInconsistency = ServerError(rawValue: -3)
    static let marshallingError = ServerError(rawValue: -5)
    static let unimplemented = ServerError(rawValue: -6)
    static let operationTimeout = ServerError(rawValue: -7)
    static let badArguments = ServerError(rawValue: -8)
    static let unknownSession = ServerError(rawValue: -12)
    static let noNode = ServerError(rawValue: -101)
    static let noAuth = ServerError(rawValue: -102)
    static let badVersion = ServerError(rawValue: -103)
    static let noChildrenForEphemerals = ServerError(rawValue: -108)
    static let nodeExists = ServerError(rawValue: -110)
    static let notEmpty = ServerError(rawValue: -111)
    static let sessionExpired = ServerError(rawValue: -112)
    static let invalidACL = ServerError(rawValue: -114)
    static let authFailed = ServerError(rawValue: -115)
    static let sessionMoved = ServerError(rawValue: -118)
    static let notReadOnly = ServerError(rawValue: -119)
    static let ephemeralOnLocalSession = ServerError(rawValue: -120)
    static let noWatcher = ServerError(rawValue: -121)
    static let requestTimeout = ServerError(rawValue: -122)
    static let sessionClosedRequireSASL = ServerError(rawValue: -124)
    static let quotaExceeded = ServerError(rawValue: -125)
    static let throttled = ServerError(rawValue: -127)
}

extension ServerError {
    /// Whether the session is over, or no longer on this connection.
    var endsConnection: Bool {
        switch self {
        case .sessionExpired, .unknownSession, .sessionMoved, .authFailed, .sessionClosedRequireSASL: true
        default: false
        }
    }

    /// Whether the server does not want us as we are, so that asking again is of no use.
    var isDenial: Bool { self == .authFailed || self == .sessionClosedRequireSASL }

    /// Whether the same request can have success a moment later.
    var isTransient: Bool {
        switch self {
        case .operationTimeout, .requestTimeout, .throttled: true
        default: false
        }
    }

    /// Whether a transaction that is answered with it has been seen by the leader, which has then checked the session.
    var comesFromLeader: Bool {
        switch self {
        case .ok, .noNode, .nodeExists, .notEmpty, .badVersion, .noChildrenForEphemerals: true
        default: false
        }
    }

    private static let names: [ServerError: String] = [
        .ok: "ok", .systemError: "system error", .runtimeInconsistency: "runtime inconsistency",
        .dataInconsistency: "data inconsistency", .marshallingError: "marshalling error",
        .unimplemented: "not implemented", .operationTimeout: "operation timeout", .badArguments: "bad arguments",
        .unknownSession: "unknown session", .noNode: "no such node", .noAuth: "not permitted",
        .badVersion: "another version", .noChildrenForEphemerals: "ephemeral nodes have no children",
        .nodeExists: "the node exists", .notEmpty: "the node has children", .sessionExpired: "the session has expired",
        .invalidACL: "invalid access rule", .authFailed: "authentication failed",
        .sessionMoved: "the session has moved",
        .notReadOnly: "the server cannot write", .ephemeralOnLocalSession: "the session is a local one",
        .noWatcher: "no such watch", .requestTimeout: "request timeout",
        .sessionClosedRequireSASL: "the server demands SASL", .quotaExceeded: "quota exceeded",
        .throttled: "too many requests",
    ]
}

extension ServerError: CustomStringConvertible {
    /// For example `no such node (-101)`.
    var description: String { "\(Self.names[self] ?? "error") (\(rawValue))" }
}
