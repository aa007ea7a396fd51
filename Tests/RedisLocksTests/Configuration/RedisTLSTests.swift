import DistributedLocks
import TestSupport
import Testing

@testable import RedisLocks

@Suite("TLS for Redis")
struct RedisTLSTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    private func message(_ change: (inout RedisTLS) -> Void) -> String {
        var tls = RedisTLS()
        change(&tls)
        do {
            _ = try tls.makeContext()
            return ""
        } catch {
            return "\(error)"
        }
    }

    @Test("files that fit make a context")
    func contexts() throws {
        var tls = RedisTLS()
        #expect(tls.verification == .full)
        _ = try tls.makeContext()
        tls.trustRoots = try folder.file("ca.pem", TestCertificate.certificate)
        tls.certificateChain = try folder.file(
            "cert.pem",
            TestCertificate.certificate + "\n" + TestCertificate.certificate
        )
        tls.privateKey = try folder.file("key.pem", TestCertificate.key)
        _ = try tls.makeContext()
        tls.verification = .disabledForTestsOnly
        _ = try tls.makeContext()
    }

    @Test("errors say which file, and what is wrong with it")
    func errors() throws {
        let good = try folder.file("cert.pem", TestCertificate.certificate)
        let key = try folder.file("key.pem", TestCertificate.key)
        let other = try folder.file("other.pem", TestCertificate.otherKey)
        let text = try folder.file("text", "no certificate")
        let damaged = try folder.file("damaged", TestCertificate.certificate.replacing("MIIB", with: "AAAA"))
        #expect(message { $0.trustRoots = "/nowhere/ca.pem" }.contains("trusted certificates /nowhere/ca.pem"))
        #expect(message { $0.trustRoots = folder.path }.contains("\(folder.path) is not a regular file"))
        #expect(message { $0.trustRoots = text }.contains("\(text) has no certificates"))
        #expect(message { $0.trustRoots = damaged }.contains("\(damaged) has no certificates"))
        #expect(message { $0.trustRoots = key }.contains("\(key) has no certificates"))
        #expect(message { ($0.certificateChain, $0.privateKey) = (text, key) }.contains("certificate file \(text)"))
        #expect(message { ($0.certificateChain, $0.privateKey) = (good, "/nowhere") }.contains("key file /nowhere"))
        #expect(message { ($0.certificateChain, $0.privateKey) = (good, text) }.contains("\(text) has no private key"))
        #expect(message { ($0.certificateChain, $0.privateKey) = (good, good) }.contains("\(good) has no private key"))
        #expect(message { ($0.certificateChain, $0.privateKey) = (good, other) }.contains("\(other) is not the one"))
        #expect(message { $0.certificateChain = good }.contains("needs its private key"))
        let huge = try folder.file("huge", [UInt8](repeating: 10, count: 1 << 20 + 1))
        #expect(message { $0.trustRoots = huge }.contains("larger than"))
    }

    @Test("the name that is checked: the one that was said, or the host's, or none for an address")
    func serverNames() {
        var tls = RedisTLS()
        #expect(tls.serverName(for: .host("db1.example.org", port: 1)) == "db1.example.org")
        #expect(tls.serverName(for: .host("localhost", port: 1)) == "localhost")
        #expect(tls.serverName(for: .host("5f0c9a", port: 1)) == "5f0c9a")
        #expect(tls.serverName(for: .host("10.0.0.1", port: 1)) == nil)
        #expect(tls.serverName(for: .host("::1", port: 1)) == nil)
        tls.serverName = "redis.internal"
        #expect(tls.serverName(for: .host("10.0.0.1", port: 1)) == "redis.internal")
    }
}
