import NIOCore

/// Who may do what with a node (an ACL entry).
struct AccessRule: Hashable, Sendable {
    /// What somebody may do.
    struct Permissions: OptionSet, Hashable, Sendable {
        let rawValue: Int32
        static let read = Permissions(rawValue: 1)
        static let write = Permissions(rawValue: 2)
        static let create = Permissions(rawValue: 4)
        static let delete = Permissions(rawValue: 8)
        static let admin = Permissions(rawValue: 16)
        static let all = Permissions(rawValue: 31)
    }

    var permissions: Permissions
    /// How the identity is established: `world`, `auth`, `digest`, `x509`, …
    var scheme: String
    /// Who it is, in the terms of the scheme.
    var identity: String

    /// Everybody may do everything.
    static let open = AccessRule(permissions: .all, scheme: "world", identity: "anyone")
    /// Whoever this session has proved to be may do everything.
    static let creator = AccessRule(permissions: .all, scheme: "auth", identity: "")

    /// Writes it.
    func write(into bytes: inout ByteBuffer) {
        bytes.writeJute(permissions.rawValue)
        bytes.writeJute(scheme)
        bytes.writeJute(identity)
    }
}
