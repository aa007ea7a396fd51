package import DistributedLocks
import NIOCore

/// How a connection to a server is encrypted, whatever the server speaks. Version 1.2 at least.
package struct TLSOptions: Hashable, Sendable {
    /// Whether the server's certificate has to be valid, trusted, and for this server.
    package var isVerifying = true
    /// A PEM file with the certificates of those who are trusted; `nil` for those whom the system trusts.
    package var trustRoots: String?
    /// A PEM file with the certificate of this client, and those between it and its root; `nil` for none.
    package var certificateChain: String?
    /// A PEM file with the private key to the certificate of this client, without a passphrase.
    package var privateKey: String?
    /// The name that the server's certificate has to have, if it is not the one it is reached by.
    package var serverName: String?

    /// Full verification, by those whom the system trusts.
    package init() {}

    /// Checks what can be checked without reading the files.
    ///
    /// - Throws: `LockError.invalid`.
    package func validate() throws(LockError) {
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

    /// The name that is asked for and checked when connecting to `host`; `nil` if that is an address, which is then what
    /// the certificate has to be for.
    package func serverName(for host: String) -> String? {
        serverName ?? (Self.isName(host) ? host : nil)
    }

    /// Whether this is a name, rather than an address of IP version 4 or 6.
    private static func isName(_ host: String) -> Bool {
        guard HostAddress.isHost(host), !host.utf8.contains(UInt8(ascii: ":")) else { return false }
        return (try? SocketAddress(ipAddress: host, port: 0)) == nil
    }
}
