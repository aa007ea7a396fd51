import NetworkSupport

/// The parts of a URL that names ZooKeeper servers.
typealias ZooKeeperURL = ServerURL<ZooKeeperURLDialect>

/// How ZooKeeper servers are written.
enum ZooKeeperURLDialect: URLDialect {
    typealias Option = ZooKeeperOption

    /// What a URL begins with.
    enum Scheme: String {
        case plain = "zookeeper"
        case tls = "zookeepers"
    }

    static let service = "ZooKeeper"
    static let forms =
        "ZooKeeper servers are written zookeeper://host,host/path or zookeepers://host,host/path (with TLS)"
    static let plainScheme = Scheme.plain.rawValue
    static let tlsScheme = Scheme.tls.rawValue
    static let usualPort = ZooKeeperAddress.defaultPort
}
