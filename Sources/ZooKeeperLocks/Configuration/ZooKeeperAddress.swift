import DistributedLocks
import NetworkSupport

/// Where a ZooKeeper server listens for clients.
public struct ZooKeeperAddress: Hashable, Sendable {
    /// A name, or an address of IP version 4 or 6 without brackets.
    public var host: String
    /// A TCP port.
    public var port: Int

    /// Where a server listens if nothing else is said.
    public static let defaultPort = 2_181
    /// Where a server listens for connections with TLS if nothing else is said: the port that ZooKeeper's documentation
    /// uses. There is no standard one.
    public static let defaultTLSPort = 2_281

    /// A host and a port.
    public init(host: String, port: Int = ZooKeeperAddress.defaultPort) {
        self.host = host
        self.port = port
    }

    /// Checks what can be checked without asking anybody. The address itself is not repeated in the error: it may be a
    /// misplaced password.
    ///
    /// - Throws: `LockError.invalid`.
    func validate() throws(LockError) {
        try HostAddress(host: host, port: port).validate(service: "ZooKeeper", usualPort: Self.defaultPort)
    }
}

extension ZooKeeperAddress: CustomStringConvertible {
    /// `zk1:2181` or `[::1]:2181`.
    public var description: String { "\(HostAddress(host: host, port: port))" }
}
