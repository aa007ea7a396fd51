import NetworkSupport

/// The parts of a URL that names a Redis server.
typealias RedisURL = ServerURL<RedisURLDialect>

/// How Redis servers are written.
enum RedisURLDialect: URLDialect {
    typealias Option = RedisOption

    /// What a URL begins with.
    enum Scheme: String {
        case plain = "redis"
        case tls = "rediss"
        case socket = "redis+unix"
        case shortSocket = "unix"

        /// Whether the server listens on a socket of this machine.
        var isSocket: Bool { self == .socket || self == .shortSocket }
    }

    static let service = "Redis"
    static let forms = "a Redis server is written redis://host, rediss://host (with TLS) or redis+unix:///socket"
    static let plainScheme = Scheme.plain.rawValue
    static let tlsScheme = Scheme.tls.rawValue
    static let usualPort = RedisAddress.defaultPort
}
