import Foundation
import Testing

/// What people who know flock(1) type, and what docs/dlock.md promises them.
@Suite(.timeLimit(.minutes(2))) struct FlockHabitsTests {
    private let tool: CommandLineTool

    init() throws {
        tool = try CommandLineTool()
    }

    @Test func `A line for the shell`() async throws {
        #expect(try await tool.run("run", "x", "-c", "echo $((1 + 1)) | tr 2 3").output == "3\n")
        #expect(try await tool.run("run", "-c", "exit 5", "x").exitCode == 5)
        let shell = try await tool.run("run", "x", "-c", "line", environment: ["SHELL": "/bin/echo"])
        #expect(shell.output == "-c line\n")
    }

    @Test func `The letters of flock`() async throws {
        let holder = try tool.hold("x")
        try await tool.waitUntil("x", holders: 1)
        #expect(try await tool.run("run", "-n", "x", "true").exitCode == 75)
        #expect(try await tool.run("run", "-w", "0.1", "x", "true").exitCode == 75)
        #expect(try await tool.run("run", "-nE", "3", "x", "true").exitCode == 3)
        #expect(try await tool.run("run", "-w0", "-E0", "x", "true").exitCode == 0)
        holder.send()
        #expect(try await holder.finished().exitCode == 0)
        let reader = try tool.hold("x", "-s")
        try await tool.waitUntil("x", holders: 1)
        #expect(try await tool.run("run", "-sn", "x", "echo", "too").output == "too\n")
        #expect(try await tool.run("run", "-xn", "x", "true").exitCode == 75)
        #expect(try await tool.run("run", "-en", "x", "true").exitCode == 75)
        reader.send()
        #expect(try await reader.finished().exitCode == 0)
    }

    @Test func `A script locks the rest of itself`() async throws {
        let script = """
            #!/bin/sh
            [ "${DLOCK_NAME-}" = backup ] || exec dlock run -n backup -- "$0" "$@"
            echo "$DLOCK_NAME $1"
            dlock run -n backup -- true
            echo $?
            """
        let file = tool.store + ".sh"
        defer { try? FileManager.default.removeItem(atPath: file) }
        try script.write(toFile: file, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: file)
        let finished = try await tool.shell("'\(file)' 'an argument'")
        #expect(finished.output == "backup an argument\n75\n")
    }

    @Test func `A mistake is named, and what would be right`() async throws {
        let table: [([String], String)] = [
            (["run", "-y", "--", "true"], "dlock: unknown option '-y'\n"),
            (["run", "-x", "--", "true"], "dlock: no command was given: dlock run true -- COMMAND\n"),
            (["run", "--wait", "5min", "x", "true"], "a duration is written 500ms, 30s, 5m, 2h or 1d"),
            (["run", "x", "-c", "a", "b"], "dlock: -c takes one argument, the whole line for the shell in quotes\n"),
            (["run", "-c", "a", "x", "b"], "dlock: -c says already what is run"),
            (["run", "x", "-n", "--", "true"], "dlock: -n: options go before the name"),
            (["run"], "dlock: "), (["nonsense"], "dlock: "), (["status"], "dlock: "),
            (["bench", "--clients", "0"], "dlock: "),
            (["bench", "--scenario", "cycle", "--clients", "50"], "dlock: the scenario cycle has one task, not 50; "),
        ]
        for (arguments, text) in table {
            let finished = try await tool.run(arguments)
            #expect(finished.exitCode == 64)
            #expect(finished.output == "")
            #expect(finished.errors.hasPrefix("dlock: "))
            #expect(finished.errors.contains(text), "\(finished.errors)")
        }
    }
}
