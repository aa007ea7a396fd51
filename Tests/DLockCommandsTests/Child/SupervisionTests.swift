import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Supervision by a program of its own, as its parent process sees it.
@Suite(
    "Supervision from outside",
    .timeLimit(.minutes(1)),
    .enabled(if: SupervisingProgram.isAvailable, "the supervising program has not been built")
)
struct SupervisionTests {
    @Test("Exits with the code of the child", arguments: [0, 1, 2, 77, 126, 127, 128, 255] as [Int32])
    func exitCode(code: Int32) async throws {
        let result = try await runProgram(SupervisingProgram.prefix + ["sh", "-c", "exit \(code)"])
        #expect(result.exitCode == code)
    }

    @Test("Exits like a shell if the command cannot be executed")
    func launchErrors() async throws {
        #expect(try await runProgram(SupervisingProgram.prefix + ["no-such-command"]).exitCode == 127)
        #expect(try await runProgram(SupervisingProgram.prefix + ["/etc"]).exitCode == 126)
    }

    @Test("Passes on a signal", arguments: [SIGTERM, SIGHUP, SIGINT, SIGUSR1])
    func forwarding(signal: Int32) async throws {
        let scratch = try Scratch()
        let script = "trap 'exit 42' \(signal); touch \(scratch.path("ready")); while :; do sleep 0.05; done"
        let result = try await runProgram(SupervisingProgram.prefix + ["sh", "-c", script]) { pid in
            _ = await eventually { scratch.contains("ready") }
            sendSignal(signal, to: pid)
        }
        #expect(result.exitCode == 42)
    }

    @Test("Leaves closed streams closed, and ignored signals ignored")
    func inheritance() async throws {
        let closed = "\(SupervisingProgram.shellPrefix) python3 -c 'import os; os.fstat(1); os.fstat(0)' <&- 2>&1"
        #expect(try await runProgram(["sh", "-c", closed]).output.contains("Bad file descriptor"))
        let ignoring = "trap '' HUP; \(SupervisingProgram.shellPrefix) sh -c 'kill -HUP $$; exit 8'"
        #expect(try await runProgram(["sh", "-c", ignoring]).exitCode == 8)
        let pipe = "\(SupervisingProgram.shellPrefix) sh -c 'kill -PIPE $$; exit 8'"
        #expect(try await runProgram(["sh", "-c", pipe]).exitCode == 128 + SIGPIPE)
    }

    @Test("Takes the child, all its descendants in the group and the guard along when it is killed")
    func death() async throws {
        let scratch = try Scratch()
        let script = """
            echo $$ > \(scratch.path("child"))
            trap '' TERM HUP INT
            (sleep 1000 & echo $! > \(scratch.path("descendant")); wait) &
            wait
            """
        var guardian: Int32?
        let result = try await runProgram(SupervisingProgram.prefix + ["sh", "-c", script]) { pid in
            _ = await eventually { scratch.number("descendant") != nil && scratch.number("child") != nil }
            guardian = await children(of: pid).first { $0 != scratch.number("child") }
            sendSignal(SIGKILL, to: pid)
        }
        #expect(result.exitCode == 128 + SIGKILL)
        let processes = [scratch.number("child"), scratch.number("descendant"), guardian].compactMap { $0 }
        #expect(processes.count == 3)
        #expect(await eventually(within: .seconds(5)) { await areGone(processes) })
    }

    @Test("Leaves no process behind when the child has ended")
    func noTrace() async throws {
        let scratch = try Scratch()
        var guardian: Int32?
        let script = "touch \(scratch.path("ready")); while ! test -e \(scratch.path("go")); do sleep 0.02; done"
        _ = try await runProgram(SupervisingProgram.prefix + ["sh", "-c", script]) { pid in
            _ = await eventually { scratch.contains("ready") }
            guardian = await children(of: pid).max()
            scratch.create("go")
        }
        #expect(await processState(try #require(guardian)).isEmpty)
    }
}
