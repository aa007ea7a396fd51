import Glibc
import TestSupport
import Testing

@Suite struct ChildProgramTests {
    /// The number that a program has written into a file; `nil` if it is not there yet.
    private func number(_ name: String, in folder: TemporaryFolder) -> pid_t? {
        let text = folder.text(name)
        return text.hasSuffix("\n") ? pid_t(text.dropLast()) : nil
    }

    @Test("a program dies with the process that has started it", arguments: [SIGKILL, SIGSTOP])
    func orphan(_ state: Int32) async throws {
        let folder = try TemporaryFolder()
        // A shell in the place of the test process: it starts a program as `ChildProgram` does, and is killed.
        let starter = """
            exec 4<>"$1/lifeline"
            sh -c "$2" sh sh -c 'echo $$ >"$0/pid"; exec sleep 600' "$1" 3<"$1/lifeline" 4>&- &
            exec sleep 600
            """
        try await blocking { try ChildProgram.run(["mkfifo", folder.file("lifeline")]) }
        let output = try Descriptors.appending(to: folder.file("output"))
        defer { close(output) }
        let words = ["sh", "-c", starter, "sh", folder.path, ChildProgram.launcher]
        let parent = try ChildProgram(words, output: output, errors: output)
        try await waitUntil("the grandchild", details: { folder.text("output") }) { number("pid", in: folder) != nil }
        let grandchild = try #require(number("pid", in: folder))
        #expect(kill(grandchild, 0) == 0)
        if state == SIGSTOP { kill(grandchild, SIGSTOP) }
        parent.end(.now)
        try await waitUntil("the end of the grandchild") { isGone(grandchild) }
    }

    private func isGone(_ pid: pid_t) -> Bool {
        let stat = String(decoding: Descriptors.contents("/proc/\(pid)/stat"), as: UTF8.self)
        return stat.isEmpty || stat.contains(") Z ")
    }

    @Test("what a program has written when it fails")
    func failure() async throws {
        let failure = await #expect(throws: ChildProgram.Failure.self) {
            try await blocking { try ChildProgram.run(["sh", "-c", "echo oops >&2; exit 3"]) }
        }
        #expect(failure?.description.contains("oops") == true)
    }

    @Test("a program that does not want to end is killed")
    func stubborn() async throws {
        let folder = try TemporaryFolder()
        let output = try Descriptors.appending(to: folder.file("output"))
        defer { close(output) }
        let words = ["sh", "-c", "trap '' TERM; echo ready; while :; do read -r x; done"]
        let program = try ChildProgram(words, output: output, errors: output)
        try await waitUntil("the program") { folder.text("output").contains("ready") }
        program.end(.now)
        #expect(program.exitStatus == SIGKILL)
    }
}
