import Foundation
import Testing

#if canImport(Glibc)
    import Glibc
#endif

@Suite("status, list, watch, release, bench", .timeLimit(.minutes(2)))
struct LookingTests {
    private let dlock = try? CommandLineTool()

    private func tool() throws -> CommandLineTool { try #require(dlock) }

    private func json(_ text: String) throws -> Any {
        try JSONSerialization.jsonObject(with: Data(text.utf8), options: .fragmentsAllowed)
    }

    @Test("A free name, a held one, and those who wait")
    func status() async throws {
        let dlock = try tool()
        #expect(try await dlock.run("status", "x").output == "x: free\n")
        let holder = try dlock.hold("x", "--label", "me")
        try await dlock.waitUntil("x", holders: 1)
        let waiter = try dlock.start("run", "x", "--", "true")
        try await dlock.waitUntil("x", waiters: 1)
        let status = try await dlock.status("x")
        #expect(status.holders.first?.pid == holder.processID)
        #expect(status.holders.first?.label == "me")
        #expect(status.holders.first?.token ?? 0 > 0)
        #expect(status.waiters.first?.pid == waiter.processID)
        let text = try await dlock.run("status", "x").output
        #expect(text.contains("x: locked, 1 waiting"))
        #expect(text.contains("pid \(holder.processID), me"))
        let list = try #require(try json(try await dlock.run("list", "--json").output) as? [[String: Any]])
        #expect(list.map { $0["name"] as? String } == ["x"])
        holder.send()
        #expect(try await waiter.finished().exitCode == 0)
        #expect(try await dlock.run("list").output == "")
        #expect(try json(try await dlock.run("list", "--json").output) as? [String] == [])
    }

    @Test("A forced release says whom it cut off, and the next one goes on")
    func release() async throws {
        let dlock = try tool()
        let holder = try dlock.start("run", "x", "--", "sleep", "60")
        try await dlock.waitUntil("x", holders: 1)
        let waiter = try dlock.start("run", "x", "--", "echo", "mine")
        try await dlock.waitUntil("x", waiters: 1)
        let answer = try json(try await dlock.run("release", "--force", "--json", "x").output) as? [String: Any]
        let released = try #require(answer?["released"] as? [[String: Any]])
        #expect(released.map { $0["pid"] as? Int32 } == [holder.processID])
        #expect(try await holder.finished().exitCode == 80)
        #expect(try await waiter.finished().output == "mine\n")
    }

    @Test("A watcher sees who comes and goes")
    func watch() async throws {
        let dlock = try tool()
        let watcher = try dlock.start("watch", "--json", "--interval", "20ms", "--changes", "2")
        let holder = try dlock.hold("x")
        try await watcher.waitForOutput("acquired")
        holder.send()
        let finished = try await watcher.finished()
        #expect(finished.exitCode == 0)
        let events = try finished.output.split(separator: "\n").map { try json(String($0)) as? [String: Any] }
        #expect(events.map { $0?["event"] as? String } == ["acquired", "released"])
        #expect(events.allSatisfy { $0?["name"] as? String == "x" })
        _ = try await holder.finished()
    }

    @Test("A watcher ends with a signal")
    func watchEnds() async throws {
        let dlock = try tool()
        let holder = try dlock.hold("x")
        let watcher = try dlock.start("watch", "--interval", "20ms")
        try await watcher.waitForOutput("acquired \"x\"")
        watcher.signal(SIGTERM)
        #expect(try await watcher.finished().exitCode == 128 + SIGTERM)
        holder.send()
        _ = try await holder.finished()
    }

    @Test("The benchmark prints the documented fields, and finds nothing", arguments: ["memory:", ""])
    func bench(_ store: String) async throws {
        let dlock = try tool()
        let finished = try await dlock.run(
            "bench",
            "--json",
            "--duration",
            "1s",
            "--store",
            store.isEmpty ? dlock.store : store
        )
        #expect(finished.exitCode == 0)
        let results = try finished.output.split(separator: "\n").map { try json(String($0)) as? [String: Any] ?? [:] }
        #expect(results.map { $0["scenario"] as? String } == ["cycle", "parallel", "handoff"])
        let fields: Set = [
            "store", "scenario", "clients", "active", "operations", "seconds", "ops_per_second", "p50_us", "p90_us",
            "p99_us",
            "max_us",
            "overtakes", "violations", "client_cpu_seconds",
        ]
        for result in results {
            #expect(Set(result.keys) == fields)
            #expect(result["operations"] as? Int ?? 0 > 0)
            #expect(result["violations"] as? Int == 0)
            #expect(result["active"] as? Int == result["clients"] as? Int)
            #expect(result["overtakes"] as? Int == 0)
            #expect(result["p50_us"] as? Double ?? 0 > 0)
        }
    }

    @Test("Every command ends with a signal", arguments: [SIGINT, SIGTERM])
    func signals(_ signal: Int32) async throws {
        let bench = try tool().start("bench", "--scenario", "cycle", "--duration", "60s")
        try await Task.sleep(for: .milliseconds(300))
        bench.signal(signal)
        let finished = try await bench.finished()
        #expect(finished.exitCode == 128 + signal)
        #expect(finished.diedOfSignal)
    }

    @Test("Output that cannot be written is an error")
    func fullOutput() async throws {
        let dlock = try tool()
        let shell = try RunningProcess(
            ["/bin/sh", "-c", "'\(CommandLineTool.path)' status --store '\(dlock.store)' x > /dev/full"],
            environment: ["PATH": "/usr/bin:/bin"]
        )
        let finished = try await shell.finished()
        #expect(finished.exitCode == 74)
        #expect(finished.errors.contains("No space left"))
    }

    @Test("Completions", arguments: ["bash", "zsh", "fish"])
    func completions(_ shell: String) async throws {
        let finished = try await tool().run("--generate-completion-script", shell)
        #expect(finished.exitCode == 0)
        #expect(finished.output.contains("hold-at-most"))
    }

    @Test("Help names every exit code")
    func help() async throws {
        let help = try await tool().run("--help").output
        for code in ["64", "69", "75", "77", "80", "126, 127", "128+n", "71", "74"] { #expect(help.contains(code)) }
    }
}
