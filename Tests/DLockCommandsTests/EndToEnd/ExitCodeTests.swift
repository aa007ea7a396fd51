import Foundation
import Testing

#if canImport(Glibc)
    import Glibc
#endif

@Suite("Exit codes", .timeLimit(.minutes(2)))
struct ExitCodeTests {
    private let dlock = try? CommandLineTool()

    private func tool() throws -> CommandLineTool { try #require(dlock) }

    @Test("The command's own", arguments: [0, 1, 3, 64, 75, 80, 126, 127, 200, 255] as [Int32])
    func own(_ code: Int32) async throws {
        let finished = try await tool().run("run", "x", "--", "sh", "-c", "exit \(code)")
        #expect(finished.exitCode == code)
        #expect(finished.errors == "")
    }

    @Test("128 + n for a command that signal n killed", arguments: [SIGTERM, SIGKILL, SIGHUP, SIGUSR1, SIGABRT])
    func signalled(_ signal: Int32) async throws {
        let finished = try await tool().run("run", "x", "--", "sh", "-c", "kill -\(signal) $$")
        #expect(finished.exitCode == 128 + signal)
        #expect(!finished.diedOfSignal)
    }

    @Test("A command that died of Ctrl-C makes dlock die of it, so that a shell's loop ends")
    func interrupted() async throws {
        let finished = try await tool().run("run", "x", "--", "sh", "-c", "kill -INT $$")
        #expect(finished.exitCode == 128 + SIGINT)
        #expect(finished.diedOfSignal)
    }

    @Test("64: wrong usage")
    func usage() async throws {
        #expect(try await tool().run("run", "x").exitCode == 64)
        #expect(try await tool().run("run", "--wait", "soon", "x", "--", "true").exitCode == 64)
        #expect(try await tool().run("run", "--store", "nonsense://x", "x", "--", "true").exitCode == 64)
        #expect(try await tool().run("run", "--store", "memory:", "x", "--", "true").exitCode == 64)
        #expect(try await tool().run("release", "x").exitCode == 64)
    }

    @Test("69: the store does not work")
    func unavailable() async throws {
        let finished = try await tool().run("run", "--store", "/nonexistent/parent/store", "x", "--", "true")
        #expect(finished.exitCode == 69)
        #expect(finished.errors.contains("/nonexistent/parent"))
    }

    @Test("75: busy, or timed out; --conflict-exit-code changes it")
    func conflict() async throws {
        let dlock = try tool()
        let holder = try dlock.hold("x", "--label", "the holder")
        try await dlock.waitUntil("x", holders: 1)
        let busy = try await dlock.run("run", "--no-wait", "x", "--", "echo", "ran")
        #expect(busy.exitCode == 75)
        #expect(busy.output == "")
        #expect(busy.errors.contains("is busy"))
        #expect(busy.errors.contains("the holder"))
        #expect(busy.errors.contains("pid \(holder.processID)"))
        let late = try await dlock.run("run", "--wait", "100ms", "x", "--", "echo", "ran")
        #expect(late.exitCode == 75)
        #expect(late.output == "")
        #expect(late.errors.contains("timed out after"))
        let changed = try await dlock.run(
            "run",
            "--no-wait",
            "--conflict-exit-code",
            "0",
            "--quiet",
            "x",
            "--",
            "echo",
            "ran"
        )
        #expect(changed.exitCode == 0)
        #expect(changed.output == "")
        #expect(changed.errors == "")
        try await dlock.waitUntil("x", holders: 1, waiters: 0)
        holder.send()
        #expect(try await holder.finished().exitCode == 0)
    }

    @Test("77: the store's folder belongs to others too")
    func denied() async throws {
        let dlock = try tool()
        try FileManager.default.createDirectory(atPath: dlock.store, withIntermediateDirectories: false)
        try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: dlock.store)
        let finished = try await dlock.run("run", "x", "--", "true")
        #expect(finished.exitCode == 77)
        #expect(finished.errors.contains(dlock.store))
    }

    @Test("80: the lock was lost; the whole process group is gone")
    func lost() async throws {
        let dlock = try tool()
        let holder = try dlock.start("run", "x", "--", "sh", "-c", "trap '' TERM; echo up; sleep 60 & wait; sleep 60")
        try await holder.waitForOutput("up")
        let release = try await dlock.run("release", "--force", "x")
        #expect(release.output.contains("pid \(holder.processID)"))
        let finished = try await holder.finished()
        #expect(finished.exitCode == 80)
        #expect(finished.errors.contains("released by force"))
    }

    @Test("126 and 127: cannot be executed, was not found; the lock is free again")
    func notExecutable() async throws {
        let dlock = try tool()
        #expect(try await dlock.run("run", "x", "--", "/etc/passwd").exitCode == 126)
        #expect(try await dlock.run("run", "x", "--", "no-such-command-at-all").exitCode == 127)
        #expect(try await dlock.status("x").held == false)
    }
}
