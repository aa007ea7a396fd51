import Testing

/// What a command inherits from `dlock`: what `dlock` itself was started with, and nothing else.
@Suite("What a command inherits", .timeLimit(.minutes(2)))
struct InheritanceTests {
    /// Lists the descriptors of a command, one line each: number and what it leads to.
    private static let list = """
        import os
        for number in sorted(map(int, os.listdir("/proc/self/fd"))):
            try: print(number, os.readlink(f"/proc/self/fd/{number}"))
            except OSError: pass
        """

    /// What the command sees, run by the shell with two descriptors of its own beside the streams.
    private func descriptors(under prefix: String) async throws -> String {
        let script = "exec 7</etc/passwd 9>/dev/null; exec \(prefix) python3 -c '\(Self.list)' </dev/null 2>/dev/null"
        return try await runProgram(["sh", "-c", script]).output
    }

    private func expectNothingMore(_ store: String) async throws {
        // Through a file: the pipe would be another one each time.
        let alone = try await descriptors(under: "env").split(separator: "\n").filter { !$0.hasPrefix("1 ") }
        let under = try await descriptors(under: "\(CommandLineTool.path) run --store \(store) name --")
            .split(separator: "\n").filter { !$0.hasPrefix("1 ") }
        #expect(alone.contains("7 /etc/passwd") && alone.contains("9 /dev/null"))
        #expect(under == alone)
    }

    @Test func `Under a file store`() async throws {
        try await expectNothingMore(CommandLineTool().store)
    }

    @Test func `Under Redis`() async throws {
        try await RedisServer.with { try await expectNothingMore($0.url) }
    }

    @Test func `Under ZooKeeper`() async throws {
        try await expectNothingMore("zookeeper://\(ZooKeeperServer.shared().address)/inheritance")
    }
}
