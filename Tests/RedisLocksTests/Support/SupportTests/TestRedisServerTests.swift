import Foundation
import TestSupport
import Testing

@Suite struct TestRedisServerTests {
    @Test("every kind of server starts, answers, and says what it is", arguments: ServerKind.allCases)
    func kinds(_ kind: ServerKind) async throws {
        try await TestRedisServer.with(kind) { server in
            #expect(try await server.command(["SET", "x", "1"]) == .status("OK"))
            #expect(try await server.command(["GET", "x"]) == .bulk([49]))
            #expect(try await server.command(["GET", "y"]) == .null)
            #expect(try await server.command(["NO-SUCH"]).text?.hasPrefix("ERR") == true)
            let version = try await server.info(kind == .valkey9 ? "valkey_version" : "redis_version") ?? ""
            #expect(version.hasPrefix(["redis7": "7.", "valkey9": "9.", "redis8": "8."][kind.rawValue] ?? "?"))
            #expect(FileManager.default.fileExists(atPath: server.socketPath))
        }
    }

    @Test("a server is gone after its scope, also when that throws")
    func scope() async throws {
        struct Oops: Error {}
        var server: TestRedisServer?
        var pid: Int32 = 0
        await #expect(throws: Oops.self) {
            try await TestRedisServer.with { running in
                server = running
                pid = try #require(running.pid)
                throw Oops()
            }
        }
        #expect(kill(pid, 0) == -1)
        await #expect(throws: Descriptors.Failure.self) { try await server?.command(["PING"]) }
    }

    @Test("a server that does not start says why")
    func failure() async throws {
        let options = TestRedisServer.Options(arguments: ["--no-such-option", "1"])
        let failure = await #expect(throws: TestRedisServer.Failure.self) {
            try await TestRedisServer.with(.redis7, options) { _ in }
        }
        #expect(failure?.description.contains("no-such-option") == true)
    }

    @Test("what a server keeps when it is killed", arguments: [true, false])
    func restart(keepingData: Bool) async throws {
        try await TestRedisServer.with(.redis7, .init(persistence: .appendOnly)) { server in
            _ = try await server.command(["SET", "x", "1"])
            try await server.kill()
            try await server.restart(keepingData: keepingData)
            #expect(try await server.command(["GET", "x"]).number == (keepingData ? 1 : nil))
        }
    }

    @Test("a snapshot is written when a server is stopped")
    func snapshot() async throws {
        try await TestRedisServer.with(.redis7, .init(persistence: .snapshots)) { server in
            _ = try await server.command(["SET", "x", "1"])
            try await server.restart(keepingData: true)
            #expect(try await server.command(["GET", "x"]).number == 1)
        }
    }

    @Test("a paused server keeps its clients waiting")
    func pause() async throws {
        try await TestRedisServer.with { server in
            try await server.pause()
            async let reply = server.command(["PING"])
            try await Task.sleep(for: .milliseconds(50))
            let state = String(decoding: Descriptors.contents("/proc/\(server.pid ?? 0)/stat"), as: UTF8.self)
            #expect(state.contains(") T "))
            server.resume()
            #expect(try await reply == .status("PONG"))
        }
    }

    @Test("passwords and users")
    func users() async throws {
        try await TestRedisServer.with(.redis7, .init(password: "secret")) { server in
            #expect(try await server.command(["PING"]) == .status("PONG"))
            let reply = try await RedisConnection(port: server.port).command(["PING"])
            #expect(reply.text?.hasPrefix("NOAUTH") == true)
        }
        let rules = ["user default off", "user root on >s ~* &* +@all", "user less on >l ~lock:* +@all"]
        try await TestRedisServer.with(.redis7, .init(password: "l", user: "less", accessRules: rules)) {
            server async throws in
            #expect(try await server.command(["SET", "lock:x", "1"]) == .status("OK"))
            #expect(try await server.command(["SET", "x", "1"]).text?.hasPrefix("NOPERM") == true)
        }
    }

    @Test("a replica follows, and can be promoted", arguments: ServerKind.allCases)
    func replica(_ kind: ServerKind) async throws {
        try await TestRedisServer.with(kind, .init(password: "secret")) { primary in
            _ = try await primary.command(["SET", "x", "1"])
            try await primary.withReplica { replica in
                #expect(try await replica.command(["GET", "x"]).number == 1)
                _ = try await primary.command(["SET", "x", "2"])
                try await replica.waitUntilCaughtUp(with: primary)
                #expect(try await replica.command(["GET", "x"]).number == 2)
                #expect(try await replica.command(["SET", "x", "3"]).text?.hasPrefix("READONLY") == true)
                try await primary.kill()
                try await replica.promote()
                #expect(try await replica.command(["SET", "x", "3"]) == .status("OK"))
            }
        }
    }

    @Test("TLS, with certificates of clients", arguments: [true, false])
    func encryption(hasCertificate: Bool) async throws {
        let certificates = try await TestCertificates.make()
        let options = TestRedisServer.Options(tls: .init(certificates: certificates, clients: .must))
        try await TestRedisServer.with(.redis7, options) { server in
            let folder = try TemporaryFolder()
            try folder.write("PING\r\nQUIT\r\n", to: "in")
            var words = ["sh", "-c", #"exec openssl s_client -quiet -verify_return_error "$@" <"$IN" >"$OUT""#, "sh"]
            words[2] = words[2].replacing("$IN", with: folder.file("in")).replacing("$OUT", with: folder.file("out"))
            words += ["-connect", "127.0.0.1:\(server.tlsPort ?? 0)", "-verify_ip", "127.0.0.1"]
            words += ["-CAfile", certificates.authority.certificate]
            if hasCertificate { words += ["-cert", certificates.client.certificate, "-key", certificates.client.key] }
            let command = words
            try? await blocking { try ChildProgram.run(command) }
            #expect(folder.text("out").contains("+PONG") == hasCertificate, "\(server.log)")
        }
    }
}
