import DistributedLocks
import TestSupport
import Testing

@testable import RedisLocks

@Suite("Connections with TLS")
struct EncryptionTests {
    /// What comes of asking for a lock.
    private static func outcome(_ url: String) async throws -> Result<Acquisition, any Error> {
        let store = try RedisStore(url)
        let result: Result<Acquisition, any Error>
        do {
            result = .success(try await store.acquire(FaultScene.request(.none)))
        } catch {
            result = .failure(error)
        }
        await store.close()
        return result
    }

    private static func reason(_ result: Result<Acquisition, any Error>) -> String {
        if case .failure(LockError.unreachable(_, let reason)) = result { reason } else { "\(result)" }
    }

    @Test("locks, and what is said of certificates that do not fit")
    func certificates() async throws {
        let ours = try await TestCertificates.make()
        let strangers = try await TestCertificates.make()
        let options = TestRedisServer.Options(tls: .init(certificates: ours, clients: .must))
        try await TestRedisServer.with(.redis7, options) { server in
            let port = try #require(server.tlsPort)
            let client = "cert=\(ours.client.certificate)&key=\(ours.client.key)"
            let good = try await Self.outcome("rediss://localhost:\(port)?ca=\(ours.authority.certificate)&\(client)")
            guard case .success(.granted) = good else {
                Issue.record("\(good)")
                return
            }
            let untrusted = try await Self.outcome(
                "rediss://localhost:\(port)?ca=\(strangers.authority.certificate)&\(client)"
            )
            #expect(Self.reason(untrusted).contains("its certificate is not trusted"), "\(untrusted)")
            let anonymous = try await Self.outcome("rediss://localhost:\(port)?ca=\(ours.authority.certificate)")
            #expect(Self.reason(anonymous).contains("client certificate"), "\(anonymous)")
            for result in [untrusted, anonymous] { #expect(!Self.reason(result).contains(".cc:"), "\(result)") }
        }
    }
}
