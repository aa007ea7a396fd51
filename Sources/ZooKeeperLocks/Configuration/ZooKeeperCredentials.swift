import DistributedLocks
import NetworkSupport

/// Who authenticates to ZooKeeper by name and password (its scheme `digest`). Nothing that shows it shows the password.
public struct ZooKeeperCredentials: Hashable, Sendable {
    /// The user. No colon, spaces or control characters.
    public let user: String
    /// The password.
    public let password: String
    /// Where the password came from.
    let source: PasswordSource

    /// Takes a password as it is.
    public init(user: String, password: String) {
        self.init(user: user, password: password, source: .given)
    }

    init(user: String, password: String, source: PasswordSource) {
        self.user = user
        self.password = password
        self.source = source
    }

    /// Checks what can be checked without asking the server.
    ///
    /// - Throws: `LockError.invalid`, which tells neither the user nor the password.
    func validate() throws(LockError) {
        guard !password.isEmpty else {
            throw .invalid(
                "the password for ZooKeeper is empty; leave it out, together with the user, if there is none"
            )
        }
        guard !user.isEmpty, user.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F && $0 != UInt8(ascii: ":") }) else {
            throw .invalid("the user for ZooKeeper is empty, or has a colon, spaces or control characters in it")
        }
    }
}

extension ZooKeeperCredentials: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The user, and that there is a password.
    public var description: String { "\(user) (password not shown)" }
    /// The user, and that there is a password.
    public var debugDescription: String { description }
    /// Without the password, for `dump` and debuggers.
    public var customMirror: Mirror { Mirror(self, children: ["user": user, "password": "not shown"]) }
}
