import Foundation
import Testing

#if canImport(Glibc)
    import Glibc
#endif

@Suite("dlock run", .serialized, .timeLimit(.minutes(3)))
struct RunTests {
    private let dlock = try? CommandLineTool()

    private func tool() throws -> CommandLineTool { try #require(dlock) }

    @Test("Standard streams are the command's own, and so is what it needs to know")
    func streams() async throws {
        let script = "head -n 1; echo err >&2; echo $DLOCK_NAME; echo $DLOCK_HELD_STORE; test \"$DLOCK_TOKEN\" -gt 0"
        let finished = try await tool().run("run", "a name", "--", "sh", "-c", script, input: "in")
        let store = try tool().store
        #expect(finished.output == "in\na name\nfile://\(store)\n")
        #expect(finished.errors == "err\n")
        #expect(finished.exitCode == 0)
    }

    @Test("Eight processes, two hundred increments each: none is lost")
    func counter() async throws {
        let dlock = try tool()
        let counter = dlock.store + ".counter"
        defer { try? FileManager.default.removeItem(atPath: counter) }
        try "0\n".write(toFile: counter, atomically: true, encoding: .utf8)
        let increment = "read n < '\(counter)'; echo $((n + 1)) > '\(counter)'"
        let loop = """
            i=0; while [ $i -lt 200 ]; do
            '\(CommandLineTool.path)' run --store '\(dlock.store)' counter -- sh -c "$0" || exit 1; i=$((i + 1)); done
            """
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                let process = try RunningProcess(
                    ["/bin/sh", "-c", loop, increment],
                    environment: ProcessInfo.processInfo.environment
                )
                group.addTask {
                    let finished = try await process.finished(within: .seconds(170))
                    #expect(finished.exitCode == 0)
                }
            }
            try await group.waitForAll()
        }
        #expect(try String(contentsOfFile: counter, encoding: .utf8) == "1600\n")
    }

    @Test("Waiters are served in their order, shared ones together, permits to their number")
    func order() async throws {
        let dlock = try tool()
        let holder = try dlock.hold("x")
        try await dlock.waitUntil("x", holders: 1)
        var waiters: [RunningProcess] = []
        for number in 1...4 {
            let log = "echo \(number) >> '\(dlock.store).log'"
            waiters.append(try dlock.start("run", "x", "--", "sh", "-c", log))
            try await dlock.waitUntil("x", waiters: number)
        }
        defer { try? FileManager.default.removeItem(atPath: dlock.store + ".log") }
        holder.send()
        for waiter in waiters { #expect(try await waiter.finished().exitCode == 0) }
        #expect(try String(contentsOfFile: dlock.store + ".log", encoding: .utf8) == "1\n2\n3\n4\n")
    }

    @Test("Shared locks are held together, permits up to their number")
    func modes() async throws {
        let dlock = try tool()
        let readers = try (0..<3).map { _ in try dlock.hold("catalog", "--shared") }
        try await dlock.waitUntil("catalog", holders: 3)
        #expect(try await dlock.run("run", "--no-wait", "catalog", "--", "true").exitCode == 75)
        for reader in readers { reader.send() }
        for reader in readers { #expect(try await reader.finished().exitCode == 0) }
        let users = try (0..<3).map { _ in try dlock.hold("gpu", "--permits", "2") }
        try await dlock.waitUntil("gpu", holders: 2, waiters: 1)
        for user in users { user.send() }
        for user in users { #expect(try await user.finished().exitCode == 0) }
    }

    @Test("A holder that is killed frees the lock at once")
    func killedHolder() async throws {
        let dlock = try tool()
        var best = Duration.seconds(60)
        // The best of several, since any one of them may meet a machine that is busy with something else.
        for _ in 0..<20 where best >= .milliseconds(100) {
            let holder = try dlock.start("run", "x", "--", "sleep", "60")
            try await dlock.waitUntil("x", holders: 1)
            let waiter = try dlock.start("run", "x", "--", "echo", "mine")
            try await dlock.waitUntil("x", waiters: 1)
            let start = ContinuousClock.now
            holder.signal(SIGKILL)
            try await waiter.waitForOutput("mine")
            best = min(best, start.duration(to: .now))
            #expect(try await waiter.finished().exitCode == 0)
        }
        #expect(best < .milliseconds(100))
    }

    @Test("When dlock is killed its command is gone before anybody else gets the lock")
    func noOrphans() async throws {
        let dlock = try tool()
        let log = dlock.store + ".beats"
        defer { try? FileManager.default.removeItem(atPath: log) }
        // A grandchild that ignores everything it can, and shows that it is alive by growing a file.
        let beat = "trap '' TERM HUP INT; while :; do echo >> '\(log)'; done"
        let holder = try dlock.start("run", "x", "--", "sh", "-c", "sh -c \"\(beat)\" & wait")
        try await dlock.waitUntil("x", holders: 1)
        let waiter = try dlock.start(
            "run",
            "x",
            "--",
            "sh",
            "-c",
            "a=$(wc -c < '\(log)'); sleep 0.3; b=$(wc -c < '\(log)'); test \"$a\" = \"$b\""
        )
        try await dlock.waitUntil("x", waiters: 1)
        holder.signal(SIGKILL)
        let finished = try await waiter.finished()
        #expect(finished.exitCode == 0)
        _ = try await holder.finished()
    }

    @Test("A signal while waiting: nothing is started, no place is kept", arguments: [SIGINT, SIGTERM, SIGHUP])
    func signalWhileWaiting(_ signal: Int32) async throws {
        let dlock = try tool()
        let holder = try dlock.hold("x")
        try await dlock.waitUntil("x", holders: 1)
        let waiter = try dlock.start("run", "x", "--", "echo", "started")
        try await dlock.waitUntil("x", waiters: 1)
        waiter.signal(signal)
        let finished = try await waiter.finished()
        #expect(finished.exitCode == 128 + signal)
        #expect(finished.output == "")
        #expect(try await dlock.status("x").waiters.isEmpty)
        holder.send()
        #expect(try await holder.finished().exitCode == 0)
    }

    @Test("Signals reach the command", arguments: [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2])
    func forwarded(_ signal: Int32) async throws {
        let script = "trap 'echo got; exit 9' \(signal); echo ready; while :; do sleep 0.05; done"
        let process = try tool().start("run", "x", "--", "sh", "-c", script)
        try await process.waitForOutput("ready")
        process.signal(signal)
        let finished = try await process.finished()
        #expect(finished.output == "ready\ngot\n")
        #expect(finished.exitCode == 9)
    }

    /// Runs a job that holds its lock for a while, and says how the lock is kept when no process is left.
    private func keep(_ dlock: CommandLineTool) async throws {
        let first = try await dlock.run("run", "--hold-at-least", "60s", "x", "--", "echo", "done")
        #expect(first.exitCode == 0 && first.output == "done\n")
        #expect(try await dlock.status("x").held)
        #expect(try await dlock.run("run", "--no-wait", "x", "--", "true").exitCode == 75)
        // Ended by a signal, it is kept as well: the job has begun.
        let second = try dlock.start("run", "--hold-at-least", "60s", "y", "--", "sh", "-c", "echo up; exec sleep 60")
        try await second.waitForOutput("up")
        second.signal(SIGTERM)
        #expect(try await second.finished().exitCode == 143)
        #expect(try await dlock.run("run", "--no-wait", "y", "--", "true").exitCode == 75)
        // It ends by itself, and a waiter is served then.
        #expect(try await dlock.run("run", "--hold-at-least", "1s", "z", "--", "true").exitCode == 0)
        #expect(try await dlock.run("run", "--wait", "30s", "z", "--", "true").exitCode == 0)
    }

    @Test func `--hold-at-least is kept by a folder, without a process`() async throws {
        try await keep(tool())
    }

    @Test func `--hold-at-least is kept by Redis, without a process`() async throws {
        try await RedisServer.with { try await keep(CommandLineTool($0)) }
    }

    @Test("--hold-at-most ends the command in time")
    func holdAtMost() async throws {
        let dlock = try tool()
        let polite = try await dlock.run("run", "--hold-at-most", "600ms", "x", "--", "sleep", "60")
        #expect(polite.exitCode == 80)
        #expect(polite.errors.contains("--hold-at-most"))
        let stubborn = try await dlock.run(
            "run",
            "--hold-at-most",
            "600ms",
            "x",
            "--",
            "sh",
            "-c",
            "trap '' TERM; sleep 60"
        )
        #expect(stubborn.exitCode == 80)
        #expect(try await dlock.status("x").held == false)
    }

    @Test("A dlock within a dlock of the same name says that it waits for itself")
    func nested() async throws {
        let dlock = try tool()
        let nested = try await dlock.run(
            "run",
            "x",
            "--",
            CommandLineTool.path,
            "run",
            "--wait",
            "100ms",
            "x",
            "--",
            "true"
        )
        #expect(nested.exitCode == 75)
        #expect(nested.errors.contains("the dlock around this one holds"))
    }

    @Test("Options after the name, and contradictions, are pointed out")
    func misplaced() async throws {
        let misplaced = try await tool().run("run", "x", "--wait", "1s", "--", "true")
        #expect(misplaced.exitCode == 64)
        #expect(misplaced.errors.contains("before the name"))
        let absurd = try await tool().run("run", "--hold-at-least", "2s", "--hold-at-most", "1s", "x", "--", "true")
        #expect(absurd.exitCode == 64)
        #expect(absurd.errors.contains("--hold-at-least"))
    }

    @Test("What others call themselves does not reach the terminal as it is")
    func escapes() async throws {
        let dlock = try tool()
        let holder = try dlock.hold("x", "--label", "\u{1B}]0;title\u{7}")
        try await dlock.waitUntil("x", holders: 1)
        let busy = try await dlock.run("run", "--no-wait", "x", "--", "true")
        #expect(busy.errors.contains("\\u{1b}]0;title\\u{7}"))
        #expect(!busy.errors.contains("\u{1B}"))
        holder.send()
        _ = try await holder.finished()
    }

    @Test("A waiting dlock costs next to nothing")
    func waitingIsCheap() async throws {
        let dlock = try tool()
        let holder = try dlock.hold("x")
        try await dlock.waitUntil("x", holders: 1)
        let waiter = try dlock.start("run", "x", "--", "true")
        try await dlock.waitUntil("x", waiters: 1)
        let before = try processorTicks(waiter.processID)
        try await Task.sleep(for: .seconds(3))
        let used = try processorTicks(waiter.processID) - before
        // A hundred ticks make a second: less than 1 % of a core.
        #expect(used < 3)
        holder.send()
        #expect(try await waiter.finished().exitCode == 0)
    }

    private func processorTicks(_ processID: Int32) throws -> Int {
        let stat = try String(contentsOfFile: "/proc/\(processID)/stat", encoding: .utf8)
        let fields = stat.split(separator: ")").last?.split(separator: " ").map(String.init) ?? []
        return try #require(Int(fields[11])) + #require(Int(fields[12]))
    }
}
