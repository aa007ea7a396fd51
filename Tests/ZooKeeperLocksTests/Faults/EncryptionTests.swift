import DistributedLocks
import Glibc
import TestSupport
import Testing

@testable import ZooKeeperLocks

/// Connections with TLS.
@Suite(.timeLimit(.minutes(3))) struct EncryptionTests {
    /// A server takes seconds for its first handshakes where others are busy, and an attempt has a sixth of this.
    private static let patience = Duration.seconds(40)

    private func store(_ port: Int, _ change: (inout ZooKeeperTLS) -> Void) throws -> ZooKeeperStore {
        var configuration = ZooKeeperConfiguration(addresses: [ZooKeeperAddress(host: "localhost", port: port)])
        configuration.sessionTimeout = Self.patience
        configuration.requestTimeout = Self.patience
        var tls = ZooKeeperTLS()
        change(&tls)
        configuration.tls = tls
        return try ZooKeeperStore(configuration)
    }

    /// What is said of a server that cannot be used.
    private func refusal(of store: ZooKeeperStore, _ location: SourceLocation = #_sourceLocation) async throws -> String
    {
        let service = LockService(store)
        let error = await #expect(throws: LockError.self, sourceLocation: location) {
            _ = try await service.lock("job").acquire(timeout: Self.patience)
        }
        await service.close()
        #expect(error?.sort == "unreachable", sourceLocation: location)
        return error?.description ?? ""
    }

    @Test func `Locks over TLS, and what is said of certificates that do not fit`() async throws {
        let ours = try await TestCertificates.make()
        let strangers = try await TestCertificates.make()
        let tls = TestZooKeeperServer.TLS(certificates: ours, clients: .must)
        try await TestZooKeeperServer.with(.init(tls: tls)) { server in
            let port = try #require(server.tlsPort)
            try await waitUntil("the port") { (try? Descriptors.connect(port)).map { close($0) } != nil }
            let query = "ca=\(ours.authority.certificate)&cert=\(ours.client.certificate)&key=\(ours.client.key)"
            let urls = ["localhost", "127.0.0.1"].map {
                "zookeepers://\($0):\(port)/locks?session-timeout=40s&timeout=40s&\(query)"
            }
            let services = try urls.map { LockService(try ZooKeeperStore($0)) }
            let lease = try await services[0].lock("job").acquire()
            let waiter = Task { try await services[1].lock("job").acquire() }
            try await waitUntil("a waiter") { try await services[0].status(of: "job").waiters.count == 1 }
            #expect(await lease.release() == .released)
            let next = try await waiter.value
            #expect(next.fencingToken > lease.fencingToken)
            #expect(await next.release() == .released)
            for service in services { await service.close() }
            #expect(try await server.inspector().children("/locks/job").isEmpty)

            let untrusted = try await refusal(of: store(port) { $0.trustRoots = strangers.authority.certificate })
            #expect(untrusted.contains("its certificate is not trusted"), "\(untrusted)")
            let anonymous = try await refusal(of: store(port) { $0.trustRoots = ours.authority.certificate })
            #expect(!anonymous.contains(".cc:"), "\(anonymous)")
            let stranger = try store(port) {
                $0.trustRoots = ours.authority.certificate
                $0.certificateChain = strangers.client.certificate
                $0.privateKey = strangers.client.key
            }
            #expect(try await !refusal(of: stranger).contains(".cc:"))
        }
    }

    @Test func `The wrong port, and another server's certificate`() async throws {
        let certificates = try await TestCertificates.make(names: ["DNS:elsewhere.example"])
        try await TestZooKeeperServer.with(.init(tls: .init(certificates: certificates))) { server in
            let port = try #require(server.tlsPort)
            let root = certificates.authority.certificate
            try await waitUntil("the port") { (try? Descriptors.connect(port)).map { close($0) } != nil }
            let misnamed = try await refusal(of: store(port) { $0.trustRoots = root })
            #expect(misnamed.contains("certificate"), "\(misnamed)")
            // It is what it says under its own name.
            let named = LockService(
                try store(port) {
                    $0.trustRoots = root
                    $0.serverName = "elsewhere.example"
                }
            )
            let lease = try await named.lock("job").acquire()
            #expect(await lease.release() == .released)
            await named.close()
            let plain = try await refusal(of: store(server.port) { $0.trustRoots = root })
            #expect(plain.contains("TLS"), "\(plain)")
            let naive = try await refusal(of: FaultScene.makeStore(port: port, "/locks"))
            #expect(naive.contains("TLS"), "\(naive)")
        }
    }
}
