import Foundation

/// A dialogue with a program under a pseudo terminal of its own, in the manner of `expect`.
struct TerminalSession {
    /// One move of the dialogue.
    enum Move {
        /// Wait until the terminal shows something new that matches a regular expression.
        case expect(String)
        /// Wait until a file exists.
        case await(String)
        /// Type something.
        case type(String)
        /// Change the size of the terminal to this number of columns.
        case resize(columns: Int)

        fileprivate var json: [String] {
            switch self {
            case .expect(let pattern): ["expect", pattern]
            case .await(let path): ["await", path]
            case .type(let text): ["type", text]
            case .resize(let columns): ["resize", "\(columns)"]
            }
        }
    }

    static let controlC = "\u{3}"
    static let controlZ = "\u{1a}"

    /// Runs a program as the leader of the session.
    ///
    /// - Parameters:
    ///   - command: The program and its arguments.
    ///   - moves: What happens in the terminal.
    /// - Returns: How the program ended, and what the terminal has shown. The exit code is 255 if something expected
    ///   has not appeared within 20 seconds.
    /// - Throws: If there is no `sh`.
    static func run(_ command: [String], _ moves: [Move]) async throws -> ProgramResult {
        let script = try JSONSerialization.data(withJSONObject: ["command": command, "moves": moves.map(\.json)])
        return try await runProgram(["python3", "-c", driver, String(decoding: script, as: UTF8.self)])
    }

    /// Runs an interactive shell, in which the alias `S` runs a command under supervision.
    ///
    /// - Parameter moves: What happens in the terminal after the first prompt.
    /// - Returns: As ``run(_:_:)``.
    /// - Throws: If there is no `sh`.
    static func shell(_ moves: [Move]) async throws -> ProgramResult {
        let command = ["env", "PS1=P> ", "TERM=xterm", "bash", "--noprofile", "--norc", "-i"]
        let alias = "alias S=\"\(SupervisingProgram.shellPrefix)\"\n"
        return try await run(command, [.expect("P> "), .type(alias), .expect("P> ")] + moves)
    }

    private static let driver = #"""
        import fcntl, json, os, pty, re, select, signal, struct, sys, termios, time

        script = json.loads(sys.argv[1])
        child, terminal = pty.fork()
        if child == 0:
            os.execvp(script["command"][0], script["command"])
        shown, position = "", 0

        def read(deadline):
            global shown
            ready, _, _ = select.select([terminal], [], [], max(0, deadline - time.monotonic()))
            if not ready:
                raise TimeoutError
            try:
                data = os.read(terminal, 65536)
            except OSError:
                data = b""
            shown += data.decode(errors="replace")
            return bool(data)

        def perform(kind, text):
            global position
            deadline = time.monotonic() + 20
            if kind == "type":
                os.write(terminal, text.encode())
            elif kind == "await":
                while not os.path.exists(text):
                    if time.monotonic() > deadline:
                        raise TimeoutError
                    time.sleep(0.005)
            elif kind == "resize":
                fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, int(text), 0, 0))
            else:
                while not (match := re.compile(text).search(shown, position)):
                    if not read(deadline):
                        raise TimeoutError
                position = match.end()

        try:
            for kind, text in script["moves"]:
                perform(kind, text)
            while read(time.monotonic() + 20):
                pass
            _, status = os.waitpid(child, 0)
            code = os.waitstatus_to_exitcode(status)
            code = 128 - code if code < 0 else code
        except TimeoutError:
            os.kill(child, signal.SIGKILL)
            code = 255
            shown += f"\nnot shown: {text}"
        print(shown)
        sys.exit(code)
        """#
}
