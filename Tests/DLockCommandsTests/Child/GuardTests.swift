import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What the guard does when `dlock` itself cannot.
@Suite("The guard", .timeLimit(.minutes(3)))
struct GuardTests {
    private let scratch: Scratch
    private let tool: CommandLineTool

    init() throws {
        scratch = try Scratch()
        tool = try CommandLineTool()
    }

    /// Starts a command that notes its number.
    private func start(_ options: [String], script: String = "exec sleep 60") async throws -> (
        RunningProcess, command: Int32
    ) {
        let note = "echo $$ > \(scratch.path("command")); \(script)"
        let process = try tool.start(["run"] + options + ["name", "--", "sh", "-c", note])
        #expect(await eventually { scratch.number("command") != nil })
        return (process, try #require(scratch.number("command")))
    }

    @Test func `The time to hold is kept while dlock is stopped`() async throws {
        // Not to be ended by a request: the guard has to kill it.
        let (process, command) = try await start(["--hold-at-most", "4s"], script: "trap '' TERM; exec sleep 60")
        process.signal(SIGSTOP)
        #expect(await eventually { await isGone(command) })
        // The lock has not been given away: its holder lives, and says so when it goes on.
        #expect(try await tool.run("run", "--no-wait", "name", "--", "true").exitCode == 75)
        process.signal(SIGCONT)
        let finished = try await process.finished()
        #expect(finished.exitCode == 80)
        #expect(finished.errors.contains("--hold-at-most"))
    }

    @Test func `A command is asked to end before the guard kills it`() async throws {
        let script = "trap 'touch \(scratch.path("asked")); exit 0' TERM; while :; do sleep 0.02; done"
        let (process, command) = try await start(["--hold-at-most", "8s"], script: script)
        process.signal(SIGSTOP)
        #expect(await eventually { await isGone(command) })
        #expect(scratch.contains("asked"))
        process.signal(SIGCONT)
        _ = try await process.finished()
    }

    @Test func `A lock whose dlock was killed is free once the group is gone`() async throws {
        let script = "(trap '' TERM INT HUP; echo $$ > \(scratch.path("member")); sleep 60 | cat) & wait"
        let (process, command) = try await start([], script: script)
        process.signal(SIGKILL)
        let next = try await tool.run("run", "name", "--", "sh", "-c", "ps -o stat= -p \(command) || echo none")
        #expect(next.exitCode == 0)
        #expect(["none", "Z"].contains { next.output.hasPrefix($0) }, "\(next.output)")
    }

    /// What takes longer than this has waited for a lease or a session to end.
    private static let soon = Duration.seconds(15)

    /// Kills a `dlock` on a server, and measures until the next one has run.
    private func timeToNext(on store: String, options: [String], killingGuard: Bool = false) async throws -> Duration {
        let note = "echo $$ > \(scratch.path("command")); exec sleep 60"
        let holder = try tool.start(["run", "--store", store] + options + ["name", "--", "sh", "-c", note])
        #expect(await eventually { scratch.number("command") != nil })
        let command = try #require(scratch.number("command"))
        let clock = ContinuousClock()
        if killingGuard {
            for pid in await children(of: holder.processID) where pid != command { sendSignal(SIGKILL, to: pid) }
        }
        holder.signal(SIGKILL)
        let start = clock.now
        let next = try await tool.run("run", "--store", store, "name", "--", "ps", "-o", "stat=", "-p", "\(command)")
        #expect(["", "Z"].contains { next.output.hasPrefix($0) }, "\(next.output)")
        return start.duration(to: clock.now)
    }

    @Test func `On Redis the guard gives the lock back`() async throws {
        try await RedisServer.with { server in
            let time = try await timeToNext(on: server.url, options: ["--ttl", "60s"])
            #expect(time < Self.soon)
        }
    }

    @Test func `On ZooKeeper the guard gives the lock back`() async throws {
        let store = "zookeeper://\(try await ZooKeeperServer.shared().address)/guard?session-timeout=40s"
        #expect(try await timeToNext(on: store, options: []) < Self.soon)
    }

    @Test func `Without its guard a lock on Redis is free when its lease ends`() async throws {
        try await RedisServer.with { server in
            let time = try await timeToNext(on: server.url, options: ["--ttl", "3s"], killingGuard: true)
            #expect(time < .seconds(30))
        }
    }

    @Test func `A command on Redis is dead before the lease of a stopped dlock ends`() async throws {
        try await RedisServer.with { server in
            let note = "trap '' TERM; echo $$ > \(scratch.path("command")); exec sleep 60"
            let options = ["run", "--store", server.url, "--ttl", "3s", "name", "--"]
            let holder = try tool.start(options + ["sh", "-c", note])
            #expect(await eventually { scratch.number("command") != nil })
            let command = try #require(scratch.number("command"))
            holder.signal(SIGSTOP)
            let next = try await tool.run(options + ["ps", "-o", "stat=", "-p", "\(command)"])
            #expect(next.output.hasPrefix("Z"), "\(next.output)")
            holder.signal(SIGCONT)
            #expect(try await holder.finished().exitCode == 80)
        }
    }

    @Test(.enabled(if: Namespaces.areAllowed, "needs root, and a kernel that lets it make mount namespaces"))
    func `A member that the guard cannot see is alive`() async throws {
        // As under sudo: a member of the group that runs as root, below a /proc that hides it, while dlock and the guard run as
        // nobody.
        let folder = scratch.path("shared")
        let script = """
            mount -t proc -o hidepid=2 proc /proc || exit 70
            mkdir -m 711 \(folder) && mkdir -m 700 \(folder)/locks && chown 65534 \(folder)/locks
            cp /usr/bin/perl \(folder)/perl && chmod 4755 \(folder)/perl
            nobody="setpriv --reuid 65534 --regid 65534 --clear-groups \(CommandLineTool.path) run --store \(folder)/locks"
            note='use POSIX; POSIX::setuid(0); open(F, ">", "\(folder)/member"); close(F); sleep 2'
            $nobody name -- \(folder)/perl -e "$note" & first=$!
            while ! test -e \(folder)/member; do kill -0 $first || exit 71; sleep 0.02; done
            kill -KILL $first; sleep 0.5
            $nobody --no-wait name -- true; echo "while it lives: $?"
            $nobody --wait 20s name -- true; echo "afterwards: $?"
            """
        _ = chmod(scratch.path(""), 0o711)
        let result = try await runProgram(["unshare", "--mount", "sh", "-c", script])
        #expect(result.output == "while it lives: 75\nafterwards: 0\n", "exit code \(result.exitCode)")
    }

    @Test(.enabled(if: Namespaces.areAllowed, "needs root, and a kernel that lets it make process namespaces"))
    func `A guard that was stopped does not kill a group that has got the number of its own`() async throws {
        let script = """
            \(CommandLineTool.path) run --store \(tool.store) name -- sleep 60 & first=$!
            until guard=$(pgrep lock-guard) && command=$(pgrep -x sleep); do sleep 0.02; done
            kill -STOP $guard; kill -KILL $first; wait $first 2>/dev/null
            while kill -0 $command 2>/dev/null; do sleep 0.02; done
            echo $((command - 1)) > /proc/sys/kernel/ns_last_pid
            setsid sleep 30 & stranger=$!
            test $stranger = $command || exit 71
            sleep 0.1; kill -CONT $guard
            while pgrep lock-guard > /dev/null; do sleep 0.02; done
            kill -0 $stranger && echo alive
            kill -KILL $stranger
            """
        let result = try await runProgram(["unshare", "--pid", "--fork", "--mount-proc", "sh", "-c", script])
        #expect(result.output == "alive\n", "exit code \(result.exitCode)")
    }
}
