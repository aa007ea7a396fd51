import DistributedLocks
import NetworkSupport

/// Where a Redis server listens.
public enum RedisAddress: Hashable, Sendable {
    /// A name, or an address of IP version 4 or 6 without brackets, and a TCP port.
    case host(String, port: Int)
    /// The path of a socket on this machine.
    case unixSocket(String)

    /// Where a server listens if nothing else is said.
    public static let defaultPort = 6_379

    /// The longest path of a socket on all systems, in bytes.
    static let maximumPathLength = 103
}

extension RedisAddress: CustomStringConvertible {
    /// `db1:6379`, `[::1]:6379` or `/run/redis.sock`.
    public var description: String {
        switch self {
        case .host(let host, let port): "\(HostAddress(host: host, port: port))"
        case .unixSocket(let path): path
        }
    }
}

extension RedisAddress {
    /// Checks what can be checked without asking anybody. The address itself is not repeated in the error: it may be a
    /// misplaced password.
    ///
    /// - Throws: `LockError.invalid`.
    func validate() throws(LockError) {
        switch self {
        case .host(let host, let port):
            try HostAddress(host: host, port: port).validate(service: "Redis", usualPort: Self.defaultPort)
        case .unixSocket(let path):
            guard path.hasPrefix("/"), path.utf8.count <= Self.maximumPathLength, !path.utf8.contains(0) else {
                throw .invalid(
                    "the socket of a Redis server is an absolute path of at most \(Self.maximumPathLength) bytes, such as /run/redis.sock"
                )
            }
        }
    }
}
