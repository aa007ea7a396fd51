import Foundation
import Testing

#if canImport(Glibc)
    import Glibc
#endif

@Suite("Locks on ZooKeeper", .timeLimit(.minutes(3)))
struct ZooKeeperTests {
    private func with(_ body: (ZooKeeperServer, ZooKeeperTool) async throws -> Void) async throws {
        let server = try await ZooKeeperServer.shared()
        try await body(server, ZooKeeperTool(server))
    }

    private func json(_ text: String) throws -> Any {
        try JSONSerialization.jsonObject(with: Data(text.utf8), options: .fragmentsAllowed)
    }

    @Test func `One after the other, with a token that grows`() async throws {
        try await with { server, dlock in
            #expect(try await dlock.run("status", "x").output == "x: free\n")
            #expect(try await dlock.run("list").output == "")
            let first = try dlock.hold("x")
            try await first.waitForOutput("\n")
            let second = try dlock.start("run", "x", "--", "sh", "-c", "echo $DLOCK_TOKEN")
            try await dlock.waitUntil("x", holders: 1, waiters: 1)
            let status = try await dlock.status("x")
            #expect(status.holders.first?.pid == first.processID)
            #expect(status.waiters.first?.pid == second.processID)
            #expect(try await dlock.run("list").output.contains("x: locked, 1 waiting"))
            let list = try #require(try json(try await dlock.run("list", "--json").output) as? [[String: Any]])
            #expect(list.map { $0["name"] as? String } == ["x"])
            #expect(second.output == "")
            first.send()
            let (one, two) = (try await first.finished(), try await second.finished())
            #expect(one.exitCode == 0 && two.exitCode == 0)
            #expect(one.errors == "")
            let tokens = try [one, two].map { try #require(UInt64($0.output.dropLast())) }
            #expect(tokens[0] < tokens[1])
            #expect(status.holders.first?.token == tokens[0])
            #expect(try await dlock.run("list").output == "")
        }
    }

    @Test func `The exit code, the streams and the environment are the command's own`() async throws {
        try await with { _, dlock in
            let script = "echo $DLOCK_NAME; echo $DLOCK_HELD_STORE; echo err >&2; exit 9"
            let finished = try await dlock.run("run", "orders/42", "--", "sh", "-c", script)
            #expect(finished.output == "orders/42\n\(dlock.store)\n")
            #expect(finished.errors == "err\n")
            #expect(finished.exitCode == 9)
            #expect(try await dlock.run("run", "x", "--", "sh", "-c", "kill -9 $$").exitCode == 128 + SIGKILL)
        }
    }

    /// How kazoo is told to see our nodes, and the other way round.
    struct Agreement: Sendable, CustomTestStringConvertible {
        let naming: String
        let kazoo: [String]

        static let all = [
            Agreement(naming: "curator", kazoo: ["--pattern=-lock-"]), Agreement(naming: "kazoo", kazoo: []),
            Agreement(naming: "both", kazoo: []),
        ]

        var testDescription: String { naming }
    }

    @Test(arguments: Agreement.all)
    func `A program with kazoo and dlock take turns`(_ agreement: Agreement) async throws {
        try await with { server, _ in
            let dlock = ZooKeeperTool(server, "naming=\(agreement.naming)")
            func kazoo() throws -> RunningProcess { try server.kazoo("\(dlock.folder)/orders%2F42", agreement.kazoo) }
            let first = try kazoo()
            try await first.waitForOutput("held")
            #expect(try await dlock.run("status", "orders/42").output.contains("another program's lock"))
            let busy = try await dlock.run("run", "--no-wait", "orders/42", "--", "echo", "ran")
            #expect(busy.exitCode == 75)
            #expect(busy.output == "")
            #expect(busy.errors.contains("another program's lock"))
            let late = try await dlock.run("run", "--wait", "100ms", "orders/42", "--", "echo", "ran")
            #expect(late.exitCode == 75)
            #expect(late.output == "")

            let second = try dlock.hold("orders/42")
            try await dlock.waitUntil("orders/42", holders: 1, waiters: 1)
            let third = try kazoo()
            try await dlock.waitUntil("orders/42", holders: 1, waiters: 2)
            let fourth = try dlock.hold("orders/42")
            try await dlock.waitUntil("orders/42", holders: 1, waiters: 3)
            #expect(second.output == "")
            first.send()
            try await second.waitForOutput("\n")
            #expect(third.output == "" && fourth.output == "")
            second.send()
            try await third.waitForOutput("held")
            #expect(fourth.output == "")
            third.send()
            try await fourth.waitForOutput("\n")
            fourth.send()
            var tokens: [UInt64] = []
            for process in [first, second, third, fourth] {
                let finished = try await process.finished()
                #expect(finished.exitCode == 0)
                let word = finished.output.split(whereSeparator: \.isWhitespace).first { UInt64($0) != nil }
                tokens.append(try #require(word.flatMap { UInt64($0) }))
            }
            #expect(tokens == Set(tokens).sorted())
            #expect(try await dlock.run("list").output == "")
        }
    }

    @Test func `A watcher sees who comes and goes, also another program`() async throws {
        try await with { server, dlock in
            let watcher = try dlock.start("watch", "--json", "--interval", "20ms", "--changes", "4")
            let holder = try dlock.hold("x")
            try await watcher.waitForOutput("acquired")
            holder.send()
            _ = try await holder.finished()
            try await watcher.waitForOutput("released")
            let stranger = try server.kazoo("\(dlock.folder)/x")
            try await watcher.waitForOutput("another program's lock")
            stranger.send()
            let finished = try await watcher.finished()
            #expect(finished.exitCode == 0)
            let events = try finished.output.split(separator: "\n").map { try json(String($0)) as? [String: Any] }
            #expect(events.map { $0?["event"] as? String } == ["acquired", "released", "acquired", "released"])
            #expect(events.allSatisfy { $0?["name"] as? String == "x" })
            #expect(try await stranger.finished().exitCode == 0)
        }
    }

    @Test func `A forced release says whom it cut off, and the next one goes on`() async throws {
        try await with { server, dlock in
            #expect(try await dlock.run("release", "--force", "x").exitCode == 1)
            let holder = try dlock.start("run", "x", "--", "sleep", "60")
            try await dlock.waitUntil("x", holders: 1, waiters: 0)
            let stranger = try server.kazoo("\(dlock.folder)/x")
            try await dlock.waitUntil("x", holders: 1, waiters: 1)
            let waiter = try dlock.start("run", "x", "--", "echo", "mine")
            try await dlock.waitUntil("x", holders: 1, waiters: 2)
            let answer = try json(try await dlock.run("release", "--force", "--json", "x").output) as? [String: Any]
            let released = try #require(answer?["released"] as? [[String: Any]])
            #expect(released.map { $0["pid"] as? Int32 } == [holder.processID])
            let cutOff = try await holder.finished()
            #expect(cutOff.exitCode == 80)
            #expect(cutOff.errors.contains("released by force"))
            try await stranger.waitForOutput("held")
            #expect(waiter.output == "")
            #expect(try await dlock.run("release", "--force", "x").output.contains("another program's lock"))
            #expect(try await waiter.finished().output == "mine\n")
            #expect(try await dlock.run("list").output == "")
        }
    }

    @Test func `80: a stranger deletes the node while the command runs`() async throws {
        try await with { server, dlock in
            let script = "trap 'echo told; exit 1' TERM; echo up; sleep 60 & wait"
            let holder = try dlock.start("run", "x", "--", "sh", "-c", script)
            try await holder.waitForOutput("up")
            try await server.delete("\(dlock.folder)/x")
            let finished = try await holder.finished()
            #expect(finished.exitCode == 80)
            #expect(finished.output == "up\ntold\n")
            #expect(finished.errors.contains("removed or replaced"))
            #expect(try await dlock.run("run", "--no-wait", "x", "--", "echo", "mine").output == "mine\n")
        }
    }

    @Test(arguments: [true, false])
    func `80: the server dies, or stands still, while the command runs`(isKilled: Bool) async throws {
        try await ZooKeeperServer.with { server in
            let dlock = ZooKeeperTool(server, session: "4s")
            let script = "trap 'echo told; exit 1' TERM; echo up; sleep 60 & wait"
            let holder = try dlock.start("run", "x", "--", "sh", "-c", script)
            try await holder.waitForOutput("up")
            if isKilled { try await server.kill() } else { server.pause() }
            let finished = try await holder.finished()
            #expect(finished.exitCode == 80)
            #expect(finished.output == "up\ntold\n")
        }
    }

    @Test func `When dlock is killed its command is gone before anybody else gets the lock`() async throws {
        try await with { server, _ in
            let dlock = ZooKeeperTool(server, session: "4s")
            let holder = try dlock.start(
                "run",
                "x",
                "--",
                "sh",
                "-c",
                "echo $$ $DLOCK_TOKEN; trap '' TERM HUP; sleep 60"
            )
            try await holder.waitForOutput("\n")
            let words = holder.output.split(whereSeparator: \.isWhitespace)
            let (pid, token) = (try #require(Int32(words[0])), try #require(UInt64(words[1])))
            // A zombie, which nobody has reaped yet, does nothing any more.
            let script = "case $(ps -o stat= -p \(pid)) in ''|Z*) ;; *) echo alive ;; esac; echo $DLOCK_TOKEN"
            let waiter = try dlock.start("run", "x", "--", "sh", "-c", script)
            try await dlock.waitUntil("x", holders: 1, waiters: 1)
            holder.signal(SIGKILL)
            // The guard has killed the command, and then ended the claim.
            let finished = try await waiter.finished()
            #expect(finished.exitCode == 0)
            #expect(token < (try #require(UInt64(finished.output.dropLast()))))
            #expect(try await holder.finished().diedOfSignal)
        }
    }

    @Test(arguments: [SIGINT, SIGTERM])
    func `A signal while waiting: nothing is started, no place is kept`(_ signal: Int32) async throws {
        try await with { _, dlock in
            let holder = try dlock.hold("x")
            try await dlock.waitUntil("x", holders: 1, waiters: 0)
            let waiter = try dlock.start("run", "x", "--", "echo", "started")
            try await dlock.waitUntil("x", holders: 1, waiters: 1)
            waiter.signal(signal)
            let finished = try await waiter.finished()
            #expect(finished.exitCode == 128 + signal)
            #expect(finished.output == "")
            #expect(try await dlock.status("x").waiters.isEmpty)
            holder.send()
            #expect(try await holder.finished().exitCode == 0)
        }
    }
}
