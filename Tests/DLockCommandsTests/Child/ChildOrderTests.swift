import Testing

@testable import DLockCommands

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

@Suite("Child orders", .timeLimit(.minutes(1)))
struct ChildOrderTests {
    private let scratch: Scratch
    private let orders: AsyncStream<ChildOrder>
    private let holder: AsyncStream<ChildOrder>.Continuation

    init() throws {
        scratch = try Scratch()
        (orders, holder) = AsyncStream.makeStream(of: ChildOrder.self)
    }

    private func run(_ script: String) async throws -> ChildExit {
        let supervisor = ChildSupervisor(
            command: ["sh", "-c", ByteString(script)],
            environment: ["PATH": "/usr/bin:/bin"],
            signals: SignalSource(),
            terminal: nil
        )
        return try await supervisor.run(orders: orders) { true }
    }

    /// A script that notes the process number of a background process, and its own readiness.
    private func script(before: String = "", background: String, after: String) -> String {
        "\(before) \(background) & echo $! > \(scratch.path("background")); touch \(scratch.path("ready")); \(after)"
    }

    @Test("Terminates the whole group")
    func terminate() async throws {
        async let exit = run(script(background: "sleep 60", after: "wait"))
        #expect(await eventually { scratch.contains("ready") })
        holder.yield(.terminate)
        #expect(try await exit == .signalled(SIGTERM))
        #expect(await isGone(try #require(scratch.number("background"))))
    }

    @Test("Terminates a stopped child")
    func terminateStopped() async throws {
        async let exit = run("trap 'exit 9' TERM; echo $$ > \(scratch.path("pid")); kill -STOP $$; sleep 60")
        #expect(await eventually { await scratch.state("pid") == "T" })
        holder.yield(.terminate)
        #expect(try await exit == .exited(9))
    }

    @Test("Kills what ignores the order to end as soon as the child itself has ended")
    func stubbornBackground() async throws {
        let stubborn = "(trap '' TERM; touch \(scratch.path("stubborn")); exec sleep 60)"
        async let exit = run(script(background: stubborn, after: "wait"))
        #expect(await eventually { scratch.contains("ready") && scratch.contains("stubborn") })
        holder.yield(.terminate)
        #expect(try await exit == .signalled(SIGTERM))
        #expect(await isGone(try #require(scratch.number("background"))))
    }

    @Test("Kills a child that ignores the order to end")
    func kill() async throws {
        async let exit = run(script(before: "trap '' TERM;", background: "sleep 60", after: "wait"))
        #expect(await eventually { scratch.contains("ready") })
        holder.yield(.terminate)
        holder.yield(.kill)
        #expect(try await exit == .signalled(SIGKILL))
        #expect(await isGone(try #require(scratch.number("background"))))
    }

    @Test("Leaves background processes alone if there was no order")
    func background() async throws {
        let exit = try await run(script(background: "sleep 60", after: "exit 0"))
        #expect(exit == .exited(0))
        let pid = try #require(scratch.number("background"))
        #expect(await !isGone(pid))
        sendSignal(SIGKILL, to: pid)
    }

    @Test("Kills the group when the task is cancelled, and waits for its end")
    func cancellation() async throws {
        let script = script(before: "trap '' TERM;", background: "sleep 60", after: "wait")
        let task = Task { try await run(script) }
        #expect(await eventually { scratch.contains("ready") })
        task.cancel()
        #expect(try await task.value == .signalled(SIGKILL))
        #expect(await isGone(try #require(scratch.number("background"))))
    }
}
