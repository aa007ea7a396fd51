import Foundation
import Testing

/// What `dlock` says, and with which code it ends, when there is no ZooKeeper that could be used.
@Suite("No ZooKeeper", .timeLimit(.minutes(3)))
struct ZooKeeperFailureTests {
    /// Every command that needs the store.
    private static let commands = [
        ["run", "x", "--", "echo", "ran"], ["status", "x"], ["list"], ["release", "--force", "x"], ["watch", "x"],
    ]

    private func run(_ command: [String], store: String) async throws -> Finished {
        let process = try RunningProcess(
            [CommandLineTool.path, command[0], "--store", store] + command.dropFirst(),
            environment: ProcessInfo.processInfo.environment
        )
        return try await process.finished()
    }

    @Test(arguments: [
        "zookeeper://", "zookeeper:localhost", "zookeeper://localhost:99999", "zookeeper://localhost?naming=other",
        "zookeeper://localhost?session-timeout=1ms", "zookeeper://localhost/zookeeper/x", "zookeeper://user@localhost",
        "zookeeper://localhost?acl=creator", "zookeepers://localhost?ca=/nonexistent/file",
    ])
    func `64: a URL that makes no sense`(_ url: String) async throws {
        let finished = try await run(["run", "x", "--", "echo", "ran"], store: url)
        #expect(finished.exitCode == 64, "\(finished.errors)")
        #expect(finished.output == "")
        #expect(!finished.errors.isEmpty)
    }

    @Test(arguments: commands)
    func `69: nobody listens there`(_ command: [String]) async throws {
        let url = "zookeeper://127.0.0.1:\(try RedisServer.freePort())/locks"
        let finished = try await run(command, store: url)
        #expect(finished.exitCode == 69)
        #expect(finished.output == "")
        #expect(finished.errors.contains(url))
    }

    @Test func `69: nobody answers there`() async throws {
        try await ZooKeeperServer.with { server in
            server.pause()
            for command in Self.commands {
                let finished = try await run(command, store: "zookeeper://\(server.address)/locks?timeout=500ms")
                #expect(finished.exitCode == 69)
                #expect(finished.output == "")
                #expect(finished.errors.contains(server.address))
            }
        }
    }

    @Test func `The password comes from the environment, and decides who may take the lock`() async throws {
        let server = try await ZooKeeperServer.shared()
        var owner = ZooKeeperTool(server, user: "me@", "acl=creator")
        #expect(try await owner.run("run", "x", "--", "true").exitCode == 64, "no password")
        owner.environment["DLOCK_ZOOKEEPER_PASSWORD"] = "secret-\(UUID().uuidString)"
        let holder = try owner.hold("x")
        try await holder.waitForOutput("\n")
        #expect(try await owner.status("x").holders.first?.pid == holder.processID)

        var other = ZooKeeperTool(server, folder: owner.folder, user: "me@", "acl=creator", "password-env=SECRET")
        other.environment["SECRET"] = "another secret"
        for tool in [ZooKeeperTool(server, folder: owner.folder), other] {
            for command in [["run", "--no-wait", "x", "--", "echo", "ran"], ["status", "x"]] {
                let denied = try await tool.run(command)
                #expect(denied.exitCode == 77, "\(denied.errors)")
                #expect(denied.output == "")
                #expect(!denied.errors.contains("secret"))
            }
        }
        other.environment["SECRET"] = owner.environment["DLOCK_ZOOKEEPER_PASSWORD"]
        #expect(try await other.run("run", "--no-wait", "x", "--", "echo", "ran").exitCode == 75)
        holder.send()
        #expect(try await holder.finished().exitCode == 0)
        #expect(try await other.run("run", "--no-wait", "x", "--", "echo", "ran").output == "ran\n")
    }

    @Test func `A password in the URL is passed on to nobody`() async throws {
        let dlock = ZooKeeperTool(try await ZooKeeperServer.shared(), user: "me:secret@", "acl=creator")
        let finished = try await dlock.run("run", "x", "--", "env")
        #expect(finished.exitCode == 0)
        let stores = finished.output.split(separator: "\n").filter { $0.contains("zookeeper://me@") }
        #expect(Set(stores.map { $0.prefix { $0 != "=" } }) == ["DLOCK_STORE", "DLOCK_HELD_STORE"])
        #expect(!finished.output.contains("secret"))
    }
}
