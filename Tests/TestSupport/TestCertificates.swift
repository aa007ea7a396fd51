/// An authority of its own with a certificate for a server and one for a client, made by `openssl`.
///
/// Two of these know nothing of each other: a certificate of the one is a stranger's to the other.
package final class TestCertificates: Sendable {
    /// The paths of two files in PEM format.
    package struct Pair: Sendable {
        package var certificate: String
        package var key: String
    }

    package let authority: Pair
    package let server: Pair
    package let client: Pair
    private let folder: TemporaryFolder

    private init(_ names: [String]) throws {
        folder = try TemporaryFolder()
        authority = Self.pair("authority", folder)
        server = Self.pair("server", folder)
        client = Self.pair("client", folder)
        try Self.make(authority, "Test authority", [])
        let issued = ["-CA", authority.certificate, "-CAkey", authority.key, "-addext", "basicConstraints=CA:FALSE"]
        let alternatives = "subjectAltName=\(names.joined(separator: ","))"
        try Self.make(
            server,
            "Test server",
            issued + ["-addext", alternatives, "-addext", "extendedKeyUsage=serverAuth"]
        )
        try Self.make(client, "Test client", issued + ["-addext", "extendedKeyUsage=clientAuth"])
    }

    /// Makes new ones.
    ///
    /// - Parameter names: What the server is called, as `openssl` writes it in `subjectAltName`.
    /// - Returns: The certificates; their files are there as long as the object is.
    /// - Throws: With what `openssl` says, if it fails.
    package static func make(names: [String] = ["DNS:localhost", "IP:127.0.0.1"]) async throws -> TestCertificates {
        try await blocking { try TestCertificates(names) }
    }

    private static func pair(_ name: String, _ folder: TemporaryFolder) -> Pair {
        Pair(certificate: folder.file("\(name).crt"), key: folder.file("\(name).key"))
    }

    private static func make(_ pair: Pair, _ name: String, _ extra: [String]) throws {
        try ChildProgram.run(
            [
                "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc",
                "-days", "2", "-subj", "/CN=\(name)", "-keyout", pair.key, "-out", pair.certificate,
            ] + extra
        )
    }
}
