import DistributedLocks
import NetworkSupport

/// Who logs in to a Redis server. Nothing that shows it shows the password.
public struct RedisCredentials: Hashable, Sendable {
    /// The user; `nil` for the server's default user.
    public let user: String?
    /// The password.
    public let password: String
    /// Where the password came from.
    let source: PasswordSource

    /// Takes a password as it is.
    public init(user: String? = nil, password: String) {
        self.init(user: user, password: password, source: .given)
    }

    init(user: String?, password: String, source: PasswordSource) {
        self.user = user
        self.password = password
        self.source = source
    }

    /// Checks what can be checked without asking the server.
    ///
    /// - Throws: `LockError.invalid`, which tells neither the user nor the password.
    func validate() throws(LockError) {
        guard !password.isEmpty else {
            throw .invalid("the password for Redis is empty; leave it out if there is none")
        }
        guard let user else { return }
        guard !user.isEmpty, user.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }) else {
            throw .invalid("the user for Redis is empty, or has spaces or control characters in it")
        }
    }
}

extension RedisCredentials: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The user, and that there is a password.
    public var description: String { "\(user ?? "default user") (password not shown)" }
    /// The user, and that there is a password.
    public var debugDescription: String { description }
    /// Without the password, for `dump` and debuggers.
    public var customMirror: Mirror { Mirror(self, children: ["user": user as Any, "password": "not shown"]) }
}
