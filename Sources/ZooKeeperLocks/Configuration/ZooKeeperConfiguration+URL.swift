public import DistributedLocks
import NetworkSupport

extension ZooKeeperConfiguration {
    /// Reads a URL.
    ///
    /// - `zookeeper://[user[:password]@]host[:port][,host[:port]…][/path][?option=value&…]`
    /// - `zookeepers://…`: the same with TLS
    ///
    /// The path is the ``chroot``. The options: `session-timeout`, `timeout` (for an answer), `naming` (`curator`, `kazoo` or
    /// `both`), `names` (`escaped` or `paths`), `acl` (`open` or `creator`); `password-file` (its first line is the
    /// password), `password-env` (names an environment variable); with TLS `ca`, `cert`, `key` (PEM files) and
    /// `server-name`. Durations are written `500ms`, `5s`, `1m`. Signs that mean something in a URL are written `%40` and so
    /// on.
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
    ///   - fallbackPasswordVariable: The environment variable that the password is taken from if the URL names a user, and
    ///     says nothing about a password.
    ///   - environment: Where environment variables are looked up; those of this process if `nil`.
    /// - Throws: `LockError.invalid` that says what is wrong and what would be right, and never tells the user or the
    ///   password.
    public init(
        url: String,
        fallbackPasswordVariable: String?,
        environment: ((String) -> String?)? = nil
    ) throws(LockError) {
        let parts = try ZooKeeperURL(url)
        let port = parts.scheme == .tls ? ZooKeeperAddress.defaultTLSPort : ZooKeeperAddress.defaultPort
        self.init(addresses: try parts.hosts(port: port).map { ZooKeeperAddress(host: $0.host, port: $0.port) })
        chroot = try Self.chroot(parts.path)
        if parts.scheme == .tls { tls = ZooKeeperTLS() }
        for option in ZooKeeperOption.allCases {
            if let value = parts.options[option] { try apply(option, value) }
        }
        credentials = try Self.credentials(parts, fallback: fallbackPasswordVariable, environment)
        try validate()
    }

    /// Whether `text` begins as a URL that ``init(url:)`` reads.
    package static func recognizes(_ text: String) -> Bool { ZooKeeperURL.isRecognized(text) }

    /// Whether the password was written down where it was said, rather than read from a file or a variable.
    package var hasWrittenPassword: Bool { credentials?.source == .given }

    private mutating func apply(_ option: ZooKeeperOption, _ value: String) throws(LockError) {
        switch option {
        case .sessionTimeout: sessionTimeout = try ZooKeeperURL.duration(option, value)
        case .timeout: requestTimeout = try ZooKeeperURL.duration(option, value)
        case .naming: naming = try ZooKeeperURL.choice(option, value)
        case .names: names = try ZooKeeperURL.choice(option, value)
        case .access: access = try ZooKeeperURL.choice(option, value)
        case .trustRoots: try withTLS(option) { $0.trustRoots = value }
        case .certificateChain: try withTLS(option) { $0.certificateChain = value }
        case .privateKey: try withTLS(option) { $0.privateKey = value }
        case .serverName: try withTLS(option) { $0.serverName = value }
        case .passwordFile, .passwordVariable: break
        }
    }

    private mutating func withTLS(
        _ option: ZooKeeperOption,
        _ change: (inout ZooKeeperTLS) -> Void
    ) throws(LockError) {
        guard var changed = tls else { throw ZooKeeperURL.needsTLS(option) }
        change(&changed)
        tls = changed
    }

    /// A slash at the end is left out.
    private static func chroot(_ path: Substring) throws(LockError) -> String {
        // Else all servers but the first one would be taken for the end of the path.
        guard !path.contains(",") else {
            throw .invalid(
                "the path goes behind the last ZooKeeper server: zookeeper://host,host/path; a comma in it is written %2C"
            )
        }
        guard let chroot = PercentCoding.decode(path.hasSuffix("/") ? path.dropLast() : path) else {
            throw .invalid(
                "in the path of a ZooKeeper URL, % is followed by two hexadecimal digits, but not 00; % itself is %25"
            )
        }
        return chroot
    }

    private static func credentials(
        _ parts: ZooKeeperURL,
        fallback: String?,
        _ environment: ((String) -> String?)?
    ) throws(LockError) -> ZooKeeperCredentials? {
        let password = try Password.find(
            written: parts.password,
            file: parts.options[.passwordFile],
            variable: parts.options[.passwordVariable],
            // It is not said which servers it is for: those whose URL names a user.
            fallback: parts.user == nil ? nil : fallback,
            environment: environment
        )
        switch (parts.user, password) {
        case (nil, nil): return nil
        case (nil, .some): throw .invalid("a password for ZooKeeper needs a user: zookeeper://user@host")
        case (.some, nil):
            let more = fallback.map { ", or set \($0)" } ?? ""
            throw .invalid("a user for ZooKeeper needs a password: use password-file or password-env\(more)")
        case (let user?, let password?):
            return ZooKeeperCredentials(user: user, password: password.text, source: password.source)
        }
    }
}
