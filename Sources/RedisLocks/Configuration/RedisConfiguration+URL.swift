public import DistributedLocks
import NetworkSupport

extension RedisConfiguration {
    /// Reads a URL.
    ///
    /// - `redis://[user[:password]@]host[:port][,host[:port]…][/database][?option=value&…]`
    /// - `rediss://…`: the same with TLS
    /// - `redis+unix:///path/of/socket[?db=number&…]`, or `unix:///…`
    ///
    /// The options: `prefix`, `client-name`, `timeout` (for an answer), `connect-timeout`, `replicas`, `replica-timeout`;
    /// `password-file` (its first line is the password), `password-env` (names an environment variable); with TLS `ca`,
    /// `cert`, `key` (PEM files) and `server-name`. Durations are written `500ms`, `5s`, `1m`. Signs that mean something in a
    /// URL are written `%40` and so on.
    ///
    /// - Parameter url: The URL.
    /// - Throws: `LockError.invalid` that says what is wrong and what would be right, and never tells the user or the
    ///   password.
    public init(url: String) throws(LockError) {
        try self.init(url: url, fallbackPasswordVariable: nil)
    }

    /// Reads a URL, as ``init(url:)`` does, and says where else a password may be.
    ///
    /// - Parameters:
    ///   - url: The URL.
    ///   - fallbackPasswordVariable: The environment variable that the password is taken from if the URL says nothing
    ///     about one.
    ///   - environment: Where environment variables are looked up; those of this process if `nil`.
    /// - Throws: `LockError.invalid` that says what is wrong and what would be right, and never tells the user or the
    ///   password.
    public init(
        url: String,
        fallbackPasswordVariable: String?,
        environment: ((String) -> String?)? = nil
    ) throws(LockError) {
        let parts = try RedisURL(url)
        self.init(addresses: try parts.addresses())
        database = try parts.database()
        if parts.scheme == .tls { tls = RedisTLS() }
        for option in RedisOption.allCases {
            if let value = parts.options[option] { try apply(option, value) }
        }
        credentials = try Self.credentials(
            parts,
            fallback: fallbackPasswordVariable,
            environment
        )
        try validate()
    }

    /// Whether `text` begins as a URL that ``init(url:)`` reads.
    package static func recognizes(_ text: String) -> Bool { RedisURL.isRecognized(text) }

    /// Whether the password was written down where it was said, rather than read from a file or a variable.
    package var hasWrittenPassword: Bool { credentials?.source == .given }

    private mutating func apply(_ option: RedisOption, _ value: String) throws(LockError) {
        switch option {
        case .prefix: keyPrefix = value
        case .clientName: clientName = value
        case .timeout: requestTimeout = try RedisURL.duration(option, value)
        case .connectTimeout: connectTimeout = try RedisURL.duration(option, value)
        case .replicaTimeout: replicaTimeout = try RedisURL.duration(option, value)
        case .replicas:
            guard value.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(value) else {
                throw .invalid("replicas=\(value) is no number of replicas; write replicas=1")
            }
            requiredReplicas = number
        case .trustRoots: try withTLS(option) { $0.trustRoots = value }
        case .certificateChain: try withTLS(option) { $0.certificateChain = value }
        case .privateKey: try withTLS(option) { $0.privateKey = value }
        case .serverName: try withTLS(option) { $0.serverName = value }
        case .passwordFile, .passwordVariable, .database: break
        }
    }

    private mutating func withTLS(_ option: RedisOption, _ change: (inout RedisTLS) -> Void) throws(LockError) {
        guard var changed = tls else { throw RedisURL.needsTLS(option) }
        change(&changed)
        tls = changed
    }

    private static func credentials(
        _ parts: RedisURL,
        fallback: String?,
        _ environment: ((String) -> String?)?
    ) throws(LockError) -> RedisCredentials? {
        let password = try Password.find(
            written: parts.password,
            file: parts.options[.passwordFile],
            variable: parts.options[.passwordVariable],
            fallback: fallback,
            environment: environment
        )
        if let password { return RedisCredentials(user: parts.user, password: password.text, source: password.source) }
        guard parts.user == nil else {
            let more = fallback.map { ", or set \($0)" } ?? ""
            throw .invalid("a user for Redis needs a password: use password-file or password-env\(more)")
        }
        return nil
    }
}
