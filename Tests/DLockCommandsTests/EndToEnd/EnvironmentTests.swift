import Foundation
import Testing

/// Everywhere where people put a command.
@Suite(.timeLimit(.minutes(3))) struct EnvironmentTests {
    private let tool: CommandLineTool

    init() throws {
        tool = try CommandLineTool()
    }

    /// Whether this user may make namespaces and mounts of its own.
    private static let mayUnshare = unshare("true") == 0

    private static func unshare(_ script: String) -> Int32 {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", "unshare --mount sh -c '\(script)' >/dev/null 2>&1"]
        guard (try? process.run()) != nil else { return -1 }
        process.waitUntilExit()
        return process.terminationStatus
    }

    @Test(.enabled(if: mayUnshare, "needs the right to mount, which root has"))
    func `Without proc the command runs, and nothing succeeds without a command`() async throws {
        let masked = "mount -t tmpfs none /proc"
        let ran = try await tool.shell("unshare --mount sh -c '\(masked); dlock run x -- echo ran'")
        #expect(ran.output == "ran\n")
        #expect(ran.exitCode == 0)
        let code = try await tool.shell("unshare --mount sh -c '\(masked); dlock run x -- sh -c \"exit 9\"'")
        #expect(code.exitCode == 9)
        let bare = try await tool.shell("unshare --mount sh -c '\(masked); dlock'")
        #expect(bare.exitCode == 64)
    }

    @Test(.enabled(if: mayUnshare, "needs the right to mount, which root has"))
    func `In a chroot without anything but the programs`() async throws {
        let script = """
            set -e
            root=$(mktemp -d); trap 'cd /; umount -l "$root/tree"; rmdir "$root/tree" "$root"' EXIT; mkdir "$root/tree"
            mount -t tmpfs none "$root/tree"; cd "$root/tree"; mkdir -p store dev
            for folder in bin lib lib64 usr opt "$(dirname "$(command -v dlock)")"; do
                if [ -e "/${folder#/}" ]; then mkdir -p "./$folder"; mount --bind "/${folder#/}" "./$folder"; fi
            done
            chroot . "$(command -v dlock)" run --store /store x -- sh -c 'echo in $DLOCK_HELD_STORE; test ! -e /proc/self'
            """
        let file = tool.store + ".sh"
        try script.write(toFile: file, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(atPath: file) }
        let finished = try await tool.shell("unshare --mount sh '\(file)'")
        #expect(finished.output == "in file:///store\n")
        #expect(finished.exitCode == 0, "\(finished.errors)")
    }

    @Test(arguments: ["<&-", ">&-", "2>&-", "<&- >&- 2>&-", "</dev/null >/dev/full 2>/dev/full"])
    func `With closed or full streams`(_ streams: String) async throws {
        let mark = tool.store + ".mark"
        defer { try? FileManager.default.removeItem(atPath: mark) }
        let finished = try await tool.shell("dlock run x -- sh -c 'echo > \"\(mark)\"; exit 7' \(streams)")
        #expect(finished.exitCode == 7)
        #expect(FileManager.default.fileExists(atPath: mark))
    }

    @Test(arguments: [
        "status x", "list --json", "--help", "run --help", "--version", "--generate-completion-script bash",
    ])
    func `Output that cannot be written is an error`(_ arguments: String) async throws {
        let finished = try await tool.shell("dlock \(arguments) >/dev/full")
        #expect(finished.exitCode == 74)
        #expect(finished.errors == "dlock: cannot write to standard output: No space left on device\n")
    }

    @Test func `With hardly any environment, as under cron`() async throws {
        let script = "env -i SHELL=/bin/sh HOME=/ PATH=/usr/bin:/bin LOGNAME=nobody '\(CommandLineTool.path)'"
        let finished = try await tool.shell("cd /; \(script) run --store '\(tool.store)' x -- sh -c 'echo $DLOCK_NAME'")
        #expect(finished.output == "x\n")
        #expect(finished.errors == "")
        let none = try await tool.shell("env -i '\(CommandLineTool.path)' run --store '\(tool.store)' x -c 'echo $0'")
        #expect(none.output == "/bin/sh\n")
    }

    @Test func `Under make with several jobs`() async throws {
        let script = """
            printf 'all: a b c d\\na b c d:\\n\\t@dlock run x -- sh -c "echo in; echo out"\\n' | make -s -j 4 -f -
            """
        let finished = try await tool.shell(script)
        #expect(finished.output == String(repeating: "in\nout\n", count: 4))
        #expect(finished.exitCode == 0, "\(finished.errors)")
    }

    @Test func `Under xargs with several processes`() async throws {
        let finished = try await tool.shell("seq 8 | xargs -P 4 -n 1 dlock run -q x -- sh -c 'echo in; echo out'")
        #expect(finished.output == String(repeating: "in\nout\n", count: 8))
        #expect(finished.errors == "")
    }

    @Test func `Under timeout the command ends with the lock`() async throws {
        let finished = try await tool.shell("timeout 1 dlock run x -- sleep 60; echo $?; dlock run -n x -- echo free")
        #expect(finished.output == "124\nfree\n")
    }

    @Test func `Under nohup HUP is ignored`() async throws {
        let finished = try await tool.shell(
            "nohup dlock run x -- sh -c 'kill -HUP $$ $PPID; echo still here' 2>/dev/null | cat"
        )
        #expect(finished.output == "still here\n")
    }

    @Test func `In a session of its own, and in a command substitution`() async throws {
        #expect(try await tool.shell("setsid --wait dlock run x -- echo mine").output == "mine\n")
        let text = try await tool.shell("text=$(dlock run x -- echo inside); echo \"[$text]\"")
        #expect(text.output == "[inside]\n")
    }

    @Test func `A bare dlock prints its overview on standard error, and help on standard output`() async throws {
        let bare = try await tool.run()
        #expect(bare.exitCode == 64)
        #expect(bare.output == "")
        #expect(bare.errors.contains("SUBCOMMANDS:"))
        #expect(try await tool.run("--", "run", "x", "true").exitCode == 64)
        let help = try await tool.run("--help")
        #expect(help.exitCode == 0)
        #expect(help.output.contains("SUBCOMMANDS:"))
        #expect(help.errors == "")
    }
}
