import Foundation
import Synchronization
import Testing

@testable import DLockCommands

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Real children, supervised by the test process, without a terminal and with signals that the test delivers.
@Suite("Child supervisor", .timeLimit(.minutes(2)))
struct ChildSupervisorTests {
    private let environment: ChildEnvironment = ["PATH": "/usr/bin:/bin"]

    /// Runs a shell script that is given no orders.
    private func run(_ script: String) async throws -> ChildExit {
        try await supervise(["sh", "-c", script])
    }

    private func supervise(
        _ command: [String],
        signals: SignalSource = SignalSource(),
        orders: AsyncStream<ChildOrder> = AsyncStream { _ in },
        mayContinue: @escaping @Sendable () -> Bool = { true }
    ) async throws -> ChildExit {
        let supervisor = ChildSupervisor(
            command: command.map { ByteString($0) },
            environment: environment,
            signals: signals,
            terminal: nil
        )
        return try await supervisor.run(orders: orders, mayContinue: mayContinue)
    }

    @Test("Reports every exit code")
    func exitCodes() async throws {
        for code in 0...255 as ClosedRange<Int32> {
            #expect(try await run("exit \(code)") == .exited(code))
        }
    }

    @Test("Reports the signal that killed the child")
    func killingSignals() async throws {
        let signals = [SIGHUP, SIGINT, SIGQUIT, SIGILL, SIGABRT, SIGFPE, SIGKILL, SIGSEGV, SIGPIPE, SIGALRM, SIGTERM]
        for signal in signals {
            let exit = try await run("ulimit -c 0; kill -\(signal) $$")
            #expect(exit == .signalled(signal))
            #expect(exit.exitCode == 128 + signal)
        }
    }

    @Test("Tells a missing command from one that cannot be executed")
    func launchErrors() async throws {
        await #expect(throws: ChildLaunchError.notFound(command: "no-such-command")) {
            try await supervise(["no-such-command"])
        }
        await #expect(throws: ChildLaunchError.notFound(command: "/no/such/command")) {
            try await supervise(["/no/such/command"])
        }
        await #expect(throws: ChildLaunchError.notFound(command: "")) { try await supervise([]) }
        await #expect(throws: ChildLaunchError.notExecutable(command: "/etc", errno: EACCES)) {
            try await supervise(["/etc"])
        }
        #expect(ChildLaunchError.notFound(command: "x").exitCode == 127)
        #expect(ChildLaunchError.notExecutable(command: "x", errno: ENOEXEC).exitCode == 126)
    }

    @Test("Gives the child its environment and arguments unchanged")
    func environmentAndArguments() async throws {
        let supervisor = ChildSupervisor(
            command: ["sh", "-c", #"test "$A" = "1=2 ü" -a "$1" = "" -a "$2" = "a b" -a $# = 2"#, "sh", "", "a b"],
            environment: ["A": "1=2 ü", "PATH": "/nonexistent::/bin"],
            signals: SignalSource(),
            terminal: nil
        )
        #expect(try await supervisor.run(orders: AsyncStream { _ in }) { true } == .exited(0))
    }

    @Test("Leaves bytes alone that are no text")
    func bytes() async throws {
        let odd = ByteString([0x61, 0xE9, 0xFF])
        #expect(!odd.isText)
        var environment: ChildEnvironment = ["PATH": "/usr/bin:/bin"]
        environment["ODD"] = odd
        let supervisor = ChildSupervisor(
            command: ["sh", "-c", #"test "$1" = "$(printf 'a\351\377')" -a "$ODD" = "$1""#, "sh", odd],
            environment: environment,
            signals: SignalSource(),
            terminal: nil
        )
        #expect(try await supervisor.run(orders: AsyncStream { _ in }) { true } == .exited(0))
    }

    @Test("A script without a first line is the shell's")
    func scriptWithoutInterpreter() async throws {
        let scratch = try Scratch()
        let script = scratch.path("script")
        // Written by another process: a fork of this one, for another test, would keep the file open for writing, and a file
        // that is open for writing cannot be executed.
        let writing = #"echo 'test "$1" = one && exit 7' > "$0" && chmod 700 "$0""#
        #expect(try await supervise(["sh", "-c", writing, script]) == .exited(0))
        #expect(try await supervise([script, "one"]) == .exited(7))
    }

    @Test("Starts the child with default signal actions, an empty mask and a group of its own")
    func cleanSlate() async throws {
        let script = """
            test "$(ps -o pgid= -p $$ | tr -d ' ')" = "$$" || exit 1
            test -e /proc/self/status || exit 0
            # Signals from 32 on may be reserved by the C library.
            test "$(grep -cE '^Sig(Blk|Ign):.*[08]0{7}$' /proc/self/status)" = 2
            """
        #expect(try await run(script) == .exited(0))
    }

    @Test("Passes on signals that came before the child", arguments: [SIGINT, SIGTERM, SIGHUP, SIGUSR1])
    func earlySignals(signal: Int32) async throws {
        let signals = SignalSource()
        signals.deliver(signal)
        #expect(try await supervise(["sleep", "60"], signals: signals) == .signalled(signal))
        #expect(signals.poll() == nil)
    }

    @Test("Passes on signals to a running child, whose group reacts to them")
    func signals() async throws {
        let scratch = try Scratch()
        let signals = SignalSource()
        async let exit = supervise(
            ["sh", "-c", "trap 'exit 42' USR1; touch \(scratch.path("ready")); while :; do sleep 0.05; done"],
            signals: signals
        )
        #expect(await eventually { scratch.contains("ready") })
        signals.deliver(SIGWINCH)
        signals.deliver(SIGUSR1)
        #expect(try await exit == .exited(42))
    }

    @Test("Leaves signals that come after the end to the next consumer")
    func lateSignals() async throws {
        let signals = SignalSource()
        #expect(try await supervise(["true"], signals: signals) == .exited(0))
        signals.deliver(SIGTERM)
        #expect(await signals.next() == SIGTERM)
    }

    @Test("Leaves a child stopped that somebody has stopped, and continues it on request")
    func stops() async throws {
        let scratch = try Scratch()
        let signals = SignalSource()
        let script = "echo $$ > \(scratch.path("pid")); kill -STOP $$; exit 5"
        async let exit = supervise(["sh", "-c", script], signals: signals)
        #expect(await eventually { await scratch.state("pid") == "T" })
        let pid = try #require(scratch.number("pid"))
        // The supervisor reports the stop and goes on; a signal shows that it has not continued the child by itself.
        signals.deliver(SIGWINCH)
        #expect(await processState(pid) == "T")
        kill(pid, SIGCONT)
        #expect(try await exit == .exited(5))
    }

    @Test("Kills a stopped child whose lock was lost meanwhile")
    func lostWhileStopped() async throws {
        let scratch = try Scratch()
        let signals = SignalSource()
        let script = "echo $$ > \(scratch.path("pid")); kill -STOP $$; exit 5"
        async let exit = supervise(["sh", "-c", script], signals: signals) { false }
        #expect(await eventually { await scratch.state("pid") == "T" })
        // Repeated, because the supervisor may hear of the stop later than the test.
        let isOver = Mutex(false)
        async let nudging: Bool = eventually {
            signals.deliver(SIGCONT)
            return isOver.withLock { $0 }
        }
        let result = try await exit
        isOver.withLock { $0 = true }
        _ = await nudging
        #expect(result == .signalled(SIGKILL))
    }
}
