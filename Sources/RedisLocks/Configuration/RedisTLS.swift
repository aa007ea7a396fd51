import DistributedLocks
import NIOCore

/// How a connection to a Redis server is encrypted, and how the two make sure of each other. Version 1.2 at least.
public struct RedisTLS: Hashable, Sendable {
    /// How closely the server's certificate is looked at.
    public enum Verification: Hashable, Sendable {
        /// It has to be valid, issued by somebody who is trusted, and for this server.
        case full
        /// Not at all: whoever answers is believed, and gets the password. There is no way to say this in a URL.
        case disabledForTestsOnly
    }

    /// How closely the server's certificate is looked at.
    public var verification: Verification = .full
    /// A PEM file with the certificates of those who are trusted; `nil` for those whom the system trusts.
    public var trustRoots: String?
    /// A PEM file with the certificate of this client, and those between it and its root; `nil` for none.
    public var certificateChain: String?
    /// A PEM file with the private key to the certificate of this client, without a passphrase.
    public var privateKey: String?
    /// The name that the server's certificate has to have, if it is not the one it is reached by.
    public var serverName: String?

    /// Full verification, by those whom the system trusts.
    public init() {}

    /// Checks what can be checked without reading the files.
    ///
    /// - Throws: `LockError.invalid`.
    func validate() throws(LockError) {
        for (path, what) in [(trustRoots, "ca"), (certificateChain, "cert"), (privateKey, "key")] {
            guard let path else { continue }
            guard !path.isEmpty, !path.utf8.contains(0) else { throw .invalid("\(what) has to name a PEM file") }
        }
        guard (certificateChain == nil) == (privateKey == nil) else {
            throw .invalid(
                "a TLS certificate needs its private key, and the other way round: give cert and key, or neither"
            )
        }
        guard let serverName else { return }
        guard Self.isName(serverName) else {
            throw .invalid(
                "server-name is the name in the server's certificate, such as db1.example.org, and no address"
            )
        }
    }

    /// The name that is asked for and checked when connecting to `address`; `nil` if it is reached by its address, which
    /// is then what its certificate has to be for.
    func serverName(for address: RedisAddress) -> String? {
        if let serverName { return serverName }
        guard case .host(let host, _) = address, Self.isName(host) else { return nil }
        return host
    }

    /// Whether this is a name, rather than an address of IP version 4 or 6.
    private static func isName(_ host: String) -> Bool {
        guard (try? RedisAddress.host(host, port: 1).validate()) != nil else { return false }
        return (try? SocketAddress(ipAddress: host, port: 0)) == nil && !host.utf8.contains(UInt8(ascii: ":"))
    }
}
