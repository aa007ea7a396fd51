import Foundation
import Testing

@Suite("Locks on Redis", .timeLimit(.minutes(2)))
struct RedisTests {
    private func with(_ body: (RedisServer, CommandLineTool) async throws -> Void) async throws {
        try await RedisServer.with { server in try await body(server, CommandLineTool(server)) }
    }

    @Test("One after the other, with a token that grows")
    func handOver() async throws {
        try await with { server, dlock in
            let token = "echo $DLOCK_TOKEN"
            let first = try dlock.start("run", "--store", server.url, "x", "--", "sh", "-c", "\(token); read line")
            try await first.waitForOutput("\n")
            let second = try dlock.start("run", "--store", server.url, "x", "--", "sh", "-c", token)
            try await dlock.waitUntil("x", holders: 1, waiters: 1)
            let status = try await dlock.status("x")
            #expect(status.holders.first?.pid == first.processID)
            #expect(status.waiters.first?.pid == second.processID)
            #expect(try await dlock.run("list").output.contains("x: locked, 1 waiting"))
            #expect(second.output == "")
            first.send()
            let (one, two) = (try await first.finished(), try await second.finished())
            #expect(one.exitCode == 0 && two.exitCode == 0)
            let tokens = try [one, two].map { try #require(UInt64($0.output.dropLast())) }
            #expect(tokens[0] < tokens[1])
            #expect(status.holders.first?.token == tokens[0])
            #expect(try await dlock.run("list").output == "")
            #expect(try server.command("EXISTS", "x") == ":0")
        }
    }

    @Test("What another program has locked is seen, waited for, and released by force")
    func foreign() async throws {
        try await with { server, dlock in
            #expect(try server.command("SET", "x", "token") == "+OK")
            #expect(try await dlock.run("status", "x").output.contains("another program's lock"))
            let busy = try await dlock.run("run", "--no-wait", "x", "--", "echo", "ran")
            #expect(busy.exitCode == 75)
            #expect(busy.output == "")
            #expect(busy.errors.contains("another program's lock"))
            let late = try await dlock.run("run", "--wait", "100ms", "x", "--", "echo", "ran")
            #expect(late.exitCode == 75)
            #expect(late.output == "")
            let waiter = try dlock.start("run", "x", "--", "echo", "mine")
            try await dlock.waitUntil("x", holders: 1, waiters: 1)
            #expect(try await dlock.run("list").output.contains("x: locked, 1 waiting"))
            #expect(try await dlock.run("release", "--force", "x").output.contains("another program's lock"))
            let finished = try await waiter.finished()
            #expect(finished.exitCode == 0)
            #expect(finished.output == "mine\n")
        }
    }

    @Test("A watcher sees who comes and goes, also another program")
    func watch() async throws {
        try await with { server, dlock in
            let watcher = try dlock.start("watch", "--json", "--interval", "20ms", "--changes", "4", "x")
            let holder = try dlock.hold("x")
            try await watcher.waitForOutput("acquired")
            holder.send()
            _ = try await holder.finished()
            try await watcher.waitForOutput("released")
            try server.command("SET", "x", "token")
            try await watcher.waitForOutput("another program's lock")
            try server.command("DEL", "x")
            let finished = try await watcher.finished()
            #expect(finished.exitCode == 0)
            let events = try finished.output.split(separator: "\n").map { line in
                try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
            }
            #expect(events.map { $0?["event"] as? String } == ["acquired", "released", "acquired", "released"])
        }
    }

    @Test("69: nobody listens there")
    func unreachable() async throws {
        let url = "redis://127.0.0.1:\(try RedisServer.freePort())"
        let dlock = try CommandLineTool()
        for arguments in [["run", "--store", url, "x", "--", "echo", "ran"], ["status", "--store", url, "x"]] {
            let finished = try await dlock.run(arguments)
            #expect(finished.exitCode == 69)
            #expect(finished.output == "")
            #expect(finished.errors.contains(url))
        }
    }

    @Test("80: a stranger deletes the key while the command runs")
    func deleted() async throws {
        try await with { server, dlock in
            let holder = try dlock.start(
                "run",
                "x",
                "--",
                "sh",
                "-c",
                "trap 'echo told; exit 1' TERM; echo up; sleep 60 & wait"
            )
            try await holder.waitForOutput("up")
            #expect(try server.command("DEL", "x") == ":1")
            let finished = try await holder.finished()
            #expect(finished.exitCode == 80)
            #expect(finished.output == "up\ntold\n")
            #expect(finished.errors.contains("removed or replaced"))
            #expect(try await dlock.run("run", "--no-wait", "x", "--", "echo", "mine").output == "mine\n")
        }
    }

    @Test("80: another program takes the place of the lock, and is left alone")
    func replaced() async throws {
        try await with { server, dlock in
            let holder = try dlock.start("run", "x", "--", "sh", "-c", "echo up; sleep 60")
            try await holder.waitForOutput("up")
            try server.command("SET", "x", "token")
            #expect(try await holder.finished().exitCode == 80)
            #expect(try server.command("STRLEN", "x") == ":5")
            #expect(try await dlock.run("run", "--no-wait", "x", "--", "true").exitCode == 75)
        }
    }
}
