import Foundation
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A lock lasts as long as the work: until nothing of the process group of a command that was ended can act any more.
@Suite("The end of a command's group", .timeLimit(.minutes(5)))
struct GroupEndTests {
    /// How somebody ends a `dlock run`.
    enum Ending: String, CaseIterable, CustomTestStringConvertible {
        case timeout, signalToDLock, signalToGroup, controlC

        var testDescription: String { rawValue }
    }

    private let scratch: Scratch
    private let tool: CommandLineTool

    init() throws {
        scratch = try Scratch()
        tool = try CommandLineTool()
        try worker(secondsForTerm: 0.2, ignoresTerm: false, named: "polite")
        try worker(secondsForTerm: 2, ignoresTerm: false, named: "slow")
        try worker(secondsForTerm: 0, ignoresTerm: true, named: "stubborn")
    }

    /// A pipeline whose first member notes every few milliseconds that it still acts, also while it takes its time to end.
    private func worker(secondsForTerm: Double, ignoresTerm: Bool, named name: String) throws {
        let trap =
            ignoresTerm
            ? "signal.SIG_IGN" : "lambda *_: globals().__setitem__('end', time.monotonic() + \(secondsForTerm))"
        let program = """
            import signal, time
            end = time.monotonic() + 30
            for number in (signal.SIGTERM, signal.SIGINT): signal.signal(number, \(trap))
            log = open('\(scratch.path("log"))', 'a', buffering=1)
            while time.monotonic() < end:
                log.write('first\\n')
                time.sleep(0.004)
            """
        try Data(program.utf8).write(to: URL(fileURLWithPath: scratch.path(name + ".py")))
        // The shell waits for a pipeline whatever happens, but not for what it has started in the background.
        let job = "python3 \(scratch.path(name + ".py")) " + (ignoresTerm ? "&\nwait\n" : "| cat\n")
        try Data(job.utf8).write(to: URL(fileURLWithPath: scratch.path(name)))
    }

    /// Ends one command while another waits for its lock.
    private func round(_ worker: String, _ ending: Ending) async throws {
        try? FileManager.default.removeItem(atPath: scratch.path("log"))
        // A request to end makes `timeout` do what it does when the time is over.
        let limit = ending == .timeout ? "exec timeout 60 " : "exec "
        let run = "run --store \(tool.store) --kill-after 300ms --quiet name -- sh \(scratch.path(worker))"
        let command = "\(limit)\(CommandLineTool.path) \(run)"
        let first =
            ending == .controlC
            ? Task {
                _ = try await TerminalSession.run(
                    ["sh", "-c", command],
                    [.await(scratch.path("second")), .type(TerminalSession.controlC)]
                )
            }
            : Task {
                _ = try await runProgram(["sh", "-c", command]) { pid in
                    guard await eventually({ scratch.contains("second") }) else { return }
                    sendSignal(SIGTERM, to: ending == .signalToGroup ? -pid : pid)
                }
            }
        #expect(await eventually { scratch.contains("log") }, "the first command never ran")
        let note = "echo second >> \(scratch.path("log")); sleep 0.03"
        let second = try tool.start("run", "--quiet", "name", "--", "sh", "-c", note)
        try await tool.waitUntil("name", holders: 1, waiters: 1)
        scratch.create("second")
        try await first.value
        #expect(try await second.finished().exitCode == 0)
        try? FileManager.default.removeItem(atPath: scratch.path("second"))
        let log = scratch.text("log").split(separator: "\n")
        let handOver = try #require(log.firstIndex(of: "second"))
        #expect(!log[handOver...].contains("first"), "the first command went on beside the second")
    }

    @Test(arguments: Ending.allCases)
    func `The next one does not begin beside members that need a while to end`(_ ending: Ending) async throws {
        for _ in 0..<Self.rounds { try await round("polite", ending) }
    }

    @Test(arguments: Ending.allCases)
    func `The next one does not begin beside members that ignore the request to end`(_ ending: Ending) async throws {
        for _ in 0..<Self.rounds { try await round("stubborn", ending) }
    }

    /// Two hundred rounds in all: four ways to end two kinds of commands.
    private static let rounds = 25

    @Test func `Members have as long as the user allows`() async throws {
        let job = ["run", "--kill-after", "never", "name", "--", "sh", scratch.path("slow")]
        let first = try tool.start(job)
        #expect(await eventually { scratch.contains("log") })
        first.signal(SIGTERM)
        // The shell has ended by now; its pipeline has not.
        let second = try await tool.run("run", "--no-wait", "name", "--", "true")
        #expect(second.exitCode == 75)
        let finished = try await first.finished()
        #expect(finished.exitCode == 143)
        #expect(finished.errors.contains("the command was ended, but part of its process group still runs"))
        #expect(try await tool.run("run", "--no-wait", "name", "--", "true").exitCode == 0)
    }

    @Test func `What a command leaves in the background on purpose runs without the lock`() async throws {
        let script = "sleep 30 & echo $! > \(scratch.path("background"))"
        // Not `tool.run`: it ends when all who have got descriptors from it have ended.
        let run = [CommandLineTool.path, "run", "--store", tool.store, "name", "--", "sh", "-c", script]
        #expect(try await runProgram(run).exitCode == 0)
        let background = try #require(scratch.number("background"))
        #expect(await !isGone(background))
        #expect(try await tool.run("run", "--no-wait", "name", "--", "true").exitCode == 0)
        sendSignal(SIGKILL, to: background)
    }
}
