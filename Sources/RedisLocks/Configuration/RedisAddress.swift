import DistributedLocks

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
    /// The longest name of a host, in bytes.
    static let maximumHostLength = 253
}

extension RedisAddress: CustomStringConvertible {
    /// `db1:6379`, `[::1]:6379` or `/run/redis.sock`.
    public var description: String {
        switch self {
        case .host(let host, let port): host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(host):\(port)"
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
            guard Self.isHost(host) else {
                throw .invalid(
                    "the name of a Redis server has letters, digits, dots and hyphens, and at most \(Self.maximumHostLength) of them; an address of IP version 6 has brackets around it in a URL"
                )
            }
            guard (1...65_535).contains(port) else {
                throw .invalid(
                    "the port of a Redis server is a number between 1 and 65535, usually \(Self.defaultPort)"
                )
            }
        case .unixSocket(let path):
            guard path.hasPrefix("/"), path.utf8.count <= Self.maximumPathLength, !path.utf8.contains(0) else {
                throw .invalid(
                    "the socket of a Redis server is an absolute path of at most \(Self.maximumPathLength) bytes, such as /run/redis.sock"
                )
            }
        }
    }

    private static func isHost(_ host: String) -> Bool {
        guard (1...maximumHostLength).contains(host.utf8.count) else { return false }
        guard host.utf8.contains(UInt8(ascii: ":")) else { return host.utf8.allSatisfy(isNamePart) }
        let parts = host.utf8.split(separator: UInt8(ascii: "%"), maxSplits: 1, omittingEmptySubsequences: false)
        let zone = parts.count == 2 ? parts[1] : nil
        return parts[0].allSatisfy(isNumberPart) && (zone.map { !$0.isEmpty && $0.allSatisfy(isNamePart) } ?? true)
    }

    private static func isNamePart(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }

    /// What an address of IP version 6 is made of.
    private static func isNumberPart(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "f"), UInt8(ascii: "A")...UInt8(ascii: "F"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: ":"):
            true
        default: false
        }
    }
}
