import Glibc
import TestSupport
import Testing

@Suite struct TestZooKeeperServerTests {
    @Test func `A server starts, says what it is, and is gone after its scope`() async throws {
        var pid: Int32 = 0
        var address: TestZooKeeperServer?
        try await TestZooKeeperServer.with { server in
            #expect(try server.mode() == .standalone)
            #expect(try await server.packetsReceived() > 0)
            pid = try #require(server.pid)
            address = server
        }
        #expect(kill(pid, 0) == -1)
        #expect(throws: Descriptors.Failure.self) { try address?.mode() }
    }

    @Test func `A server that does not start says why`() async throws {
        let options = TestZooKeeperServer.Options(settings: ["tickTime": "often"])
        let failure = await #expect(throws: TestZooKeeperServer.Failure.self) {
            try await TestZooKeeperServer.with(options) { _ in }
        }
        #expect(failure?.description.contains("often") == true)
    }

    @Test func `The inspector makes, finds, changes and deletes nodes`() async throws {
        let inspector = try await SharedZooKeeper.server().inspector()
        let path = SharedZooKeeper.freshPath()
        #expect(try await inspector.node(path) == nil)
        #expect(try await inspector.create("\(path)/a", data: "\u{0}\u{FF}", .ephemeral) == "\(path)/a")
        let first = try await inspector.create("\(path)/s-", .sequential)
        #expect(first == "\(path)/s-0000000001")
        let children = try await inspector.children(path)
        #expect(children.map(\.name) == ["a", "s-0000000001"])
        #expect(children[0].data == "\u{0}\u{FF}")
        #expect(try await children[0].ephemeralOwner == inspector.session())
        #expect(children[0].czxid < children[1].czxid)
        try await inspector.set(first, data: "x")
        #expect(try await inspector.node(first)?.version == 1)
        await #expect(throws: ZooKeeperInspector.Failure(description: "NodeExistsError")) {
            try await inspector.create(path)
        }
        try await inspector.delete(path)
        #expect(try await inspector.children(path).isEmpty)
        await #expect(throws: ZooKeeperInspector.Failure(description: "NoNodeError")) {
            try await inspector.set(path, data: "y")
        }
    }

    @Test(arguments: [true, false])
    func `What a server keeps when it is killed`(keepingData: Bool) async throws {
        try await TestZooKeeperServer.with { server in
            try await server.inspector().create("/x")
            try await server.restart(keepingData: keepingData)
            #expect(try await (server.inspector().node("/x") != nil) == keepingData)
        }
    }

    @Test func `A container that is left empty is deleted`() async throws {
        try await TestZooKeeperServer.with(.init(containerInterval: 50)) { server in
            let inspector = try server.inspector()
            #expect(try await inspector.create("/c", .container) == "/c")
            let child = try await inspector.create("/c/x")
            try await inspector.delete(child)
            try await waitUntil("the end of the container") { try await inspector.node("/c") == nil }
        }
    }

    @Test func `A paused server keeps its clients waiting`() async throws {
        try await TestZooKeeperServer.with { server in
            try await server.pause()
            let stat = String(decoding: Descriptors.contents("/proc/\(server.pid ?? 0)/stat"), as: UTF8.self)
            #expect(stat.contains(") T "))
            async let mode = server.reply(to: "ruok")
            server.resume()
            #expect(try await mode == "imok")
        }
    }

    @Test func `What a server says of sessions`() async throws {
        let server = try await SharedZooKeeper.server()
        let inspector = try server.inspector()
        let path = try await inspector.create(SharedZooKeeper.freshPath(), .ephemeral)
        let session = try await inspector.session()
        let sessions = try await server.reply(to: "dump")
        #expect(try await server.sessions().contains(session), "\(session) \(sessions)")
        #expect(try await server.ephemerals(of: session).contains(path))
        #expect(try await server.watched(by: session).isEmpty)
        #expect(try await server.watchers(of: path).isEmpty)
        try await inspector.delete(path)
        #expect(try await !server.ephemerals(of: session).contains(path))
    }

    /// Whether a client with TLS is answered at a port.
    private func isAnswered(_ port: Int, _ certificates: TestCertificates, hasCertificate: Bool) async throws -> Bool {
        let folder = try TemporaryFolder()
        let script = #"{ echo srvr; sleep 1; } | openssl s_client -quiet -verify_return_error "$@" >"$0""#
        var words = ["-connect", "127.0.0.1:\(port)", "-verify_ip", "127.0.0.1"]
        words += ["-CAfile", certificates.authority.certificate]
        if hasCertificate { words += ["-cert", certificates.client.certificate, "-key", certificates.client.key] }
        let command = ["sh", "-c", script, folder.file("out")] + words
        try? await blocking { try ChildProgram.run(command) }
        return folder.text("out").contains("Mode: standalone")
    }

    @Test(arguments: [true, false])
    func `TLS with certificates of clients`(isUnified: Bool) async throws {
        let certificates = try await TestCertificates.make()
        let tls = TestZooKeeperServer.TLS(certificates: certificates, clients: .must)
        try await TestZooKeeperServer.with(.init(tls: tls, unifiesPorts: isUnified)) { server in
            let tlsPort = try #require(server.tlsPort)
            #expect(try await isAnswered(tlsPort, certificates, hasCertificate: true), "\(server.log)")
            #expect(try await !isAnswered(tlsPort, certificates, hasCertificate: false))
            #expect(try await isAnswered(server.port, certificates, hasCertificate: true) == isUnified)
            #expect(try server.mode() == .standalone, "the port without TLS")
        }
    }
}
