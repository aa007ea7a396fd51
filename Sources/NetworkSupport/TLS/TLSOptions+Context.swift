package import DistributedLocks
package import NIOSSL

extension TLSOptions {
    /// How much is read of a PEM file, in bytes. The certificates of all who are usually trusted take a quarter of it.
    private static let maximumFileLength = 1 << 20

    /// Reads the files and prepares connections.
    ///
    /// - Throws: `LockError.invalid` that says which file it is, and what is wrong with it.
    package func makeContext() throws(LockError) -> NIOSSLContext {
        try validate()
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        configuration.certificateVerification = isVerifying ? .fullVerification : .none
        if let trustRoots {
            configuration.trustRoots = .certificates(
                try Self.certificates(in: trustRoots, "the file of trusted certificates")
            )
        }
        if let certificateChain, let privateKey {
            let chain = try Self.certificates(in: certificateChain, "the certificate file")
            configuration.certificateChain = chain.map { .certificate($0) }
            configuration.privateKey = .privateKey(try Self.key(in: privateKey))
        }
        do {
            return try NIOSSLContext(configuration: configuration)
        } catch {
            guard let certificateChain, let privateKey else { throw .invalid("cannot prepare TLS: \(error)") }
            throw .invalid("the key in \(privateKey) is not the one to the first certificate in \(certificateChain)")
        }
    }

    private static func certificates(in path: String, _ what: String) throws(LockError) -> [NIOSSLCertificate] {
        let bytes = try contents(of: path, what)
        guard let certificates = try? NIOSSLCertificate.fromPEMBytes(bytes), !certificates.isEmpty else {
            throw .invalid("\(what) \(path) has no certificates in PEM format, or a damaged one")
        }
        return certificates
    }

    private static func key(in path: String) throws(LockError) -> NIOSSLPrivateKey {
        let what = "the key file"
        guard let key = try? NIOSSLPrivateKey(bytes: try contents(of: path, what), format: .pem) else {
            throw .invalid("\(what) \(path) has no private key in PEM format without a passphrase")
        }
        return key
    }

    private static func contents(of path: String, _ what: String) throws(LockError) -> [UInt8] {
        let bytes = try SmallFile(path, what: what).read(atMost: maximumFileLength)
        guard bytes.count <= maximumFileLength else {
            throw .invalid("\(what) \(path) is larger than \(maximumFileLength) bytes")
        }
        return bytes
    }
}
