import DistributedLocks
import NIOSSL
import NetworkSupport

/// How a connection to a ZooKeeper server is encrypted, and how the two make sure of each other. Version 1.2 at least.
public struct ZooKeeperTLS: Hashable, Sendable {
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
    /// A PEM file with the certificate of this client, and those between it and its root; `nil` for none. Servers want one
    /// unless they are told otherwise (`ssl.clientAuth`).
    public var certificateChain: String?
    /// A PEM file with the private key to the certificate of this client, without a passphrase.
    public var privateKey: String?
    /// The name that the servers' certificates have to have, if it is not the one each is reached by.
    public var serverName: String?

    /// Full verification, by those whom the system trusts.
    public init() {}

    /// Checks what can be checked without reading the files.
    ///
    /// - Throws: `LockError.invalid`.
    func validate() throws(LockError) { try options.validate() }

    /// Reads the files and prepares connections.
    ///
    /// - Throws: `LockError.invalid` that says which file it is, and what is wrong with it.
    func makeContext() throws(LockError) -> NIOSSLContext { try options.makeContext() }

    /// The name that is asked for and checked when connecting to `address`; `nil` if it is reached by its address, which
    /// is then what its certificate has to be for.
    func serverName(for address: ZooKeeperAddress) -> String? { options.serverName(for: address.host) }

    private var options: TLSOptions {
        var options = TLSOptions()
        options.isVerifying = verification == .full
        options.trustRoots = trustRoots
        options.certificateChain = certificateChain
        options.privateKey = privateKey
        options.serverName = serverName
        return options
    }
}
