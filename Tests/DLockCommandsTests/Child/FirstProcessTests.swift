import Testing

/// `dlock` as pid 1 of a container.
@Suite(
    "The first process of a namespace",
    .timeLimit(.minutes(1)),
    .enabled(if: Namespaces.areAllowed, "needs root, and a kernel that lets it make process namespaces")
)
struct FirstProcessTests {
    private let scratch: Scratch
    private let tool: CommandLineTool

    init() throws {
        scratch = try Scratch()
        tool = try CommandLineTool()
    }

    private func run(_ script: String, _ options: String...) async throws -> ProgramResult {
        let command =
            [CommandLineTool.path, "run", "--store", tool.store] + options + ["name", "--", "sh", "-c", script]
        return try await runProgram(["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"] + command)
    }

    @Test func `It exits as the command does`() async throws {
        #expect(try await run("exit 7").exitCode == 7)
        #expect(try await run("kill -KILL $$").exitCode == 137)
    }

    @Test func `Processes that lose their parent are reaped`() async throws {
        // A process whose parent ends first, and that ends before the command looks.
        let script =
            "(sleep 0.1 & echo $! > \(scratch.path("orphan"))); while kill -0 $(cat \(scratch.path("orphan"))) "
            + "2>/dev/null; do sleep 0.01; done; ps -A -o stat= | grep -c Z"
        #expect(try await run(script).output == "0\n")
    }

    @Test func `Signals to the first process reach the command`() async throws {
        #expect(try await run("trap 'exit 9' TERM; kill -TERM 1; while :; do sleep 0.01; done").exitCode == 9)
        #expect(try await run("trap 'exit 8' USR1; kill -USR1 1; while :; do sleep 0.01; done").exitCode == 8)
    }

    @Test func `The lock is free afterwards`() async throws {
        _ = try await run("exit 0")
        #expect(try await tool.run("run", "--no-wait", "name", "--", "true").exitCode == 0)
    }
}
