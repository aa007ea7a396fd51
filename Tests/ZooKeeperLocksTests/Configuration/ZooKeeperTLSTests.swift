import DistributedLocks
import TestSupport
import Testing

@testable import ZooKeeperLocks

@Suite struct ZooKeeperTLSTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    private func message(_ change: (inout ZooKeeperTLS) -> Void) -> String {
        var tls = ZooKeeperTLS()
        change(&tls)
        do {
            _ = try tls.makeContext()
            return ""
        } catch {
            return "\(error)"
        }
    }

    @Test func `Files that fit make a context`() throws {
        let certificate = try folder.file("cert.pem", TestCertificate.certificate)
        let key = try folder.file("key.pem", TestCertificate.key)
        #expect(ZooKeeperTLS().verification == .full)
        #expect(message { _ in } == "")
        let all = message {
            $0.trustRoots = certificate
            ($0.certificateChain, $0.privateKey) = (certificate, key)
        }
        #expect(all == "")
        #expect(message { $0.verification = .disabledForTestsOnly } == "")
    }

    @Test func `Every file is read, and an error says which one it is about`() throws {
        let good = try folder.file("cert.pem", TestCertificate.certificate)
        let other = try folder.file("other.pem", TestCertificate.otherKey)
        #expect(message { $0.trustRoots = "/nowhere/ca.pem" }.contains("trusted certificates /nowhere/ca.pem"))
        #expect(message { ($0.certificateChain, $0.privateKey) = ("/nowhere/c", other) }.contains("/nowhere/c"))
        #expect(message { ($0.certificateChain, $0.privateKey) = (good, "/nowhere/k") }.contains("key file /nowhere/k"))
        #expect(message { ($0.certificateChain, $0.privateKey) = (good, other) }.contains("\(other) is not the one"))
        #expect(message { $0.certificateChain = good }.contains("needs its private key"))
        #expect(message { $0.serverName = "10.0.0.1" }.contains("no address"))
    }

    @Test func `The certificate is for the name that was said, or the host's, or an address`() {
        var tls = ZooKeeperTLS()
        #expect(tls.serverName(for: .init(host: "zk1.example.org")) == "zk1.example.org")
        #expect(tls.serverName(for: .init(host: "10.0.0.1")) == nil)
        #expect(tls.serverName(for: .init(host: "::1")) == nil)
        tls.serverName = "zk.internal"
        #expect(tls.serverName(for: .init(host: "10.0.0.1")) == "zk.internal")
    }
}
