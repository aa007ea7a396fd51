import Foundation
import Testing

#if canImport(Glibc)
    import Glibc
#endif

@Suite("dlock watch", .timeLimit(.minutes(2))) struct WatchOutageTests {
    @Test func `An outage of the store is shown, and survived`() async throws {
        let port = try RedisServer.freePort()
        var watcher: RunningProcess?
        try await RedisServer.with(port: port) { server in
            let dlock = CommandLineTool(server)
            let watching = try dlock.start("watch", "--json", "--interval", "20ms", "x")
            watcher = watching
            try server.command("SET", "x", "one")
            try await watching.waitForOutput("acquired")
        }
        let watching = try #require(watcher)
        try await watching.waitForErrors("; trying again\n")
        #expect(watching.errors.hasPrefix("dlock: redis://127.0.0.1:\(port) cannot be reached: "))
        try await RedisServer.with(port: port) { server in
            try await watching.waitForErrors("dlock: the store answers again\n")
            try await watching.waitForOutput("released")
            try server.command("SET", "x", "two")
            for _ in 0..<4_000 where watching.output.split(separator: "\n").count < 3 {
                try await Task.sleep(for: .milliseconds(5))
            }
            #expect(watching.output.split(separator: "\n").count == 3)
            watching.signal(SIGTERM)
            #expect(try await watching.finished().exitCode == 128 + SIGTERM)
        }
    }

    @Test func `The first look has to succeed`() async throws {
        let url = "redis://127.0.0.1:\(try RedisServer.freePort())"
        let finished = try await CommandLineTool().run("watch", "--store", url)
        #expect(finished.exitCode == 69)
    }

    /// A script of python that runs dlock on a terminal of its own, in the background or not, and prints what is shown.
    private func onTerminal(_ tool: CommandLineTool, isBackground: Bool) async throws -> String {
        let script = """
            import os, pty, select, signal, sys, time
            pid, fd = pty.fork()
            if pid == 0:
                os.environ['TERM'] = 'xterm'
                if \(isBackground ? "True" : "False"):
                    child = os.fork()
                    if child: os.waitpid(child, 0); os._exit(0)
                    os.setpgid(0, 0)
                os.execv(sys.argv[1], [sys.argv[1], 'watch', '--interval', '20ms', '--changes', '1', 'x'])
            text, end = b'', time.time() + 60
            while time.time() < end and b'x' not in text:
                if select.select([fd], [], [], 0.1)[0]:
                    try: text += os.read(fd, 65536)
                    except OSError: break
            os.close(fd)
            sys.stdout.buffer.write(text)
            """
        let file = tool.store + ".py"
        try script.write(toFile: file, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(atPath: file) }
        return try await tool.shell("python3 '\(file)' '\(CommandLineTool.path)'").output
    }

    @Test func `On a terminal the picture is drawn over itself, but not in the background`() async throws {
        let tool = try CommandLineTool()
        let holder = try tool.hold("x")
        try await tool.waitUntil("x", holders: 1)
        #expect(try await onTerminal(tool, isBackground: false).contains("\u{1B}[2J"))
        let background = try await onTerminal(tool, isBackground: true)
        #expect(background.contains("acquired \"x\""))
        #expect(!background.contains("\u{1B}"))
        holder.send()
        _ = try await holder.finished()
    }
}
