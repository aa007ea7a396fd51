import Testing

/// Supervision as the user of a terminal sees it: the same as without it.
@Suite(
    "Supervision in a terminal",
    .timeLimit(.minutes(2)),
    .enabled(if: SupervisingProgram.isAvailable, "the supervising program has not been built")
)
struct TerminalTests {
    private static let controlC = TerminalSession.controlC
    private static let controlZ = TerminalSession.controlZ

    @Test("A child of the leader of a session reads from the terminal")
    func interactive() async throws {
        let result = try await TerminalSession.run(
            SupervisingProgram.prefix + ["python3", "-c", "import sys; sys.exit(int(input('code? ')))"],
            [.expect("code"), .type("42\n")]
        )
        #expect(result.exitCode == 42, "\(result.output)")
    }

    @Test("Ctrl-C kills the child, and the program dies of the same signal")
    func controlC() async throws {
        let result = try await TerminalSession.run(
            SupervisingProgram.prefix + ["sh", "-c", "echo ready; exec sleep 60"],
            [.expect("ready"), .type(Self.controlC)]
        )
        #expect(result.exitCode == 130, "\(result.output)")
    }

    @Test("Ctrl-Z does nothing where no shell could continue the child")
    func controlZWithoutShell() async throws {
        let result = try await TerminalSession.run(
            SupervisingProgram.prefix + ["sh", "-c", "echo ready; read word; test $word = word && exit 7"],
            [.expect("ready"), .type(Self.controlZ), .expect("\\^Z"), .type("word\n")]
        )
        #expect(result.exitCode == 7, "\(result.output)")
    }

    @Test("Ctrl-C breaks the loop of a shell")
    func loop() async throws {
        let result = try await TerminalSession.shell([
            .type("for i in 1 2 3; do S sh -c 'echo re\"\"ady; exec sleep 60'; done\n"),
            .expect("ready"), .type(Self.controlC), .expect("P> "),
            .type("echo rc=$?\n"), .expect("rc=130"), .type("exit 0\n"),
        ])
        #expect(result.exitCode == 0, "\(result.output)")
    }

    @Test("Ctrl-Z stops the job, and fg gives the terminal back to it")
    func stopAndForeground() async throws {
        let result = try await TerminalSession.shell([
            .type("S python3 -c \"print('got', input('as''k: '))\"\n"), .expect("ask: "),
            .type(Self.controlZ), .expect("Stopped"), .expect("P> "),
            .type("fg\n"), .expect("python3"), .type("abc\n"), .expect("got abc"), .expect("P> "),
            .type("exit 0\n"),
        ])
        #expect(result.exitCode == 0, "\(result.output)")
    }

    @Test("A background job stops when it reads from the terminal, and goes on in the foreground")
    func background() async throws {
        let result = try await TerminalSession.shell([
            .type("set -b\n"), .expect("P> "),
            .type("S sh -c 'read word; echo got-$word' &\n"), .expect("Stopped"),
            .type("fg\n"), .expect("echo got"), .type("abc\n"), .expect("got-abc"), .expect("P> "),
            .type("exit 0\n"),
        ])
        #expect(result.exitCode == 0, "\(result.output)")
    }

    @Test("A child in a pipeline borrows the terminal that it needs")
    func pipeline() async throws {
        let result = try await TerminalSession.shell([
            .type("seq 3 | S sh -c 'read word </dev/tty; echo got-$word; cat'; echo rc=${PIPESTATUS[*]}\n"),
            .expect("cat'"), .type("abc\n"), .expect("got-abc"), .expect("3"), .expect("rc=0 0"),
            .type("S seq 100 | tail -n 1 | sed s/^/last-/\n"), .expect("last-100"), .expect("P> "),
            .type("exit 0\n"),
        ])
        #expect(result.exitCode == 0, "\(result.output)")
    }

    @Test("A script and the child in it both get Ctrl-C")
    func script() async throws {
        let result = try await TerminalSession.shell([
            .type("(S sh -c 'echo re\"\"ady; exec sleep 60'; echo aft\"\"er)\n"),
            .expect("ready"), .type(Self.controlC), .expect("P> "), .type("exit 0\n"),
        ])
        #expect(result.exitCode == 0, "\(result.output)")
        #expect(!result.output.contains("after"))
    }

    @Test("A change of the size of the terminal reaches the child")
    func windowSize() async throws {
        let script = """
            import os, signal
            # Blocked, so that it cannot come between the word and the waiting for it.
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGWINCH})
            signal.signal(signal.SIGWINCH, lambda *_: None)
            print("ready", flush=True)
            signal.sigwait({signal.SIGWINCH})
            print("columns", os.get_terminal_size().columns, flush=True)
            input()
            """
        let result = try await TerminalSession.run(
            SupervisingProgram.prefix + ["python3", "-c", script],
            [.expect("ready"), .resize(columns: 57), .expect("columns 57"), .type("\n")]
        )
        #expect(result.exitCode == 0, "\(result.output)")
    }

    @Test("The modes of the terminal are restored when the child is killed")
    func modes() async throws {
        let result = try await TerminalSession.shell([
            .type("S sh -c 'stty -echo; kill -9 $$'; stty -a\n"), .expect("Killed|speed"), .expect(" echo "),
            .expect("P> "), .type("exit 0\n"),
        ])
        #expect(result.exitCode == 0, "\(result.output)")
    }
}
