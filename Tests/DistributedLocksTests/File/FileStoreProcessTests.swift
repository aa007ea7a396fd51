import DistributedLocks
import Testing

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

@Suite("Several processes", .serialized, .enabled(if: ProbeProcess.isAvailable))
struct FileStoreProcessTests {
    private let room: StoreRoom

    init() throws {
        room = try StoreRoom()
    }

    /// Starts processes that wait for `x` one after the other; the first one has it.
    private func line(_ count: Int, _ modes: [String] = []) async throws -> [ProbeProcess] {
        var probes: [ProbeProcess] = []
        for index in 0..<count {
            let probe = try ProbeProcess(room)
            try await probe.acquire("k", "x", index < modes.count ? modes[index] : "exclusive")
            probes.append(probe)
        }
        _ = try await probes[0].granted("k")
        return probes
    }

    @Test("the end of the holder's process hands the lock to the first waiter")
    func killedHolder() async throws {
        let probes = try await line(3)
        let first = try await probes[0].granted("k")
        probes[0].kill()
        let second = try await probes[1].granted("k")
        #expect(second > first)
        #expect(probes[2].line("granted") == nil)
        probes[1].kill()
        #expect(try await probes[2].granted("k") > second)
    }

    @Test("waiters are served in the order in which they came, across processes")
    func fifo() async throws {
        let probes = try await line(6)
        for index in 1..<6 {
            #expect(probes[index...].allSatisfy { $0.line("granted") == nil })
            probes[index - 1].send("release k")
            _ = try await probes[index].granted("k")
        }
    }

    @Test("a release wakes one process and leaves the others asleep")
    func noHerd() async throws {
        let probes = try await line(5)
        // Let them all set up their watches.
        try await Task.sleep(for: .milliseconds(300))
        let before = probes.map(\.contextSwitches)
        probes[0].send("release k")
        _ = try await probes[1].granted("k")
        _ = try await probes[0].expect("released k")
        for index in 2..<5 { #expect(probes[index].contextSwitches - before[index] < 8, "process \(index)") }
    }

    @Test(
        "waiters that are killed in the middle of the queue are passed over",
        arguments: [[2], [1], [1, 2, 3], [3, 2], [4]]
    )
    func killedWaiters(_ victims: [Int]) async throws {
        let probes = try await line(6)
        for victim in victims { probes[victim].kill() }
        probes[0].send("release k")
        for index in 1..<6 where !victims.contains(index) {
            _ = try await probes[index].granted("k")
            probes[index].send("release k")
        }
        try await eventually("idle") {
            let store = try room.store()
            defer { Task { await store.close() } }
            return try await store.list().isEmpty
        }
    }

    @Test("the holder and the waiters next to it are killed at the same time")
    func killedTogether() async throws {
        let probes = try await line(6)
        for victim in [0, 1, 2, 4] { probes[victim].signal(SIGKILL) }
        _ = try await probes[3].granted("k")
        probes[3].kill()
        _ = try await probes[5].granted("k")
    }

    @Test("a writer gets its turn when one reader has released and the other has been killed")
    func killedReader() async throws {
        let probes = try await line(4, ["shared", "shared", "exclusive", "shared"])
        _ = try await probes[1].granted("k")
        probes[1].kill()
        #expect(probes[2].line("granted") == nil)
        probes[0].send("release k")
        _ = try await probes[2].granted("k")
        probes[2].kill()
        _ = try await probes[3].granted("k")
    }

    @Test("a killed holder of a permit makes room for the next")
    func killedPermit() async throws {
        let probes = try await line(4, ["2", "2", "2", "2"])
        _ = try await probes[1].granted("k")
        probes[1].kill()
        _ = try await probes[2].granted("k")
        #expect(probes[3].line("granted") == nil)
        probes[0].kill()
        _ = try await probes[3].granted("k")
    }

    @Test("a stopped waiter takes its turn when it goes on; one that is killed while stopped does not")
    func stoppedWaiters() async throws {
        let probes = try await line(4)
        probes[1].signal(SIGSTOP)
        probes[2].signal(SIGSTOP)
        probes[0].send("release k")
        _ = try await probes[0].expect("released k")
        probes[2].kill()
        #expect(probes[3].line("granted") == nil)
        probes[1].signal(SIGCONT)
        _ = try await probes[1].granted("k")
        probes[1].send("release k")
        _ = try await probes[3].granted("k")
    }

    @Test func `A forced release whose process is killed right after the change is noticed by those whom it concerns`()
        async throws
    {
        let (holder, waiter) = (try ProbeProcess(room), try ProbeProcess(room))
        try await holder.acquire("k", "x")
        _ = try await holder.granted("k")
        let pipes = room.path + "/sessions/"
        let ofHolder = try #require(TemporaryDirectory.entries(pipes).first { $0.hasSuffix(".wake") })
        try await waiter.acquire("k", "x")
        let ofWaiter = try #require(TemporaryDirectory.entries(pipes).first { $0.hasSuffix(".wake") && $0 != ofHolder })
        // Neither reads its pipe, so that the messages can be taken out of it.
        for process in [holder, waiter] {
            process.signal(SIGSTOP)
            let threads = "/proc/\(process.pid)/task"
            try await eventually("stopped") {
                TemporaryDirectory.entries(threads).allSatisfy { thread in
                    let words = String(
                        decoding: TemporaryDirectory.contents("\(threads)/\(thread)/stat"),
                        as: UTF8.self
                    )
                    return words.contains(") T ")
                }
            }
        }
        let store = try room.store()
        #expect(try await store.forceRelease(LockName("x"), from: .any).count == 1)
        for pipe in [ofHolder, ofWaiter] {
            let file = open(pipes + pipe, O_RDWR | O_NONBLOCK | O_CLOEXEC)
            defer { close(file) }
            var bytes = [UInt8](repeating: 0, count: 4_096)
            let count = read(file, &bytes, bytes.count)
            let messages = stride(from: 0, to: max(count, 0), by: WakeMessage.size).compactMap {
                WakeMessage(bytes[$0..<$0 + WakeMessage.size])
            }
            // Others may tell of what was before.
            let first = try #require(messages.first { [.review, .revoked, .granted].contains($0.kind) })
            #expect(first.kind == .review && messages.contains { [.revoked, .granted].contains($0.kind) })
            // The one that comes before the change; a killed process would not have sent the others.
            #expect(write(file, first.bytes, WakeMessage.size) == WakeMessage.size)
        }
        for process in [holder, waiter] { process.signal(SIGCONT) }
        _ = try await holder.expect("lost k it was released by force")
        _ = try await waiter.granted("k")
        await store.close()
    }

    @Test("between two events neither the holder nor any waiter does anything at all")
    func idle() async throws {
        let probes = try await line(3)
        // The runtime's own threads look after each other every second in every program.
        func switches() -> [Int] { probes.map { $0.contextSwitches(of: "FileStore") } }
        // Nothing is due any more some seconds after the last event; but a loaded machine may be late.
        var quiet = 0
        var before = switches()
        for _ in 0..<60 where quiet < 3 {
            try await Task.sleep(for: .seconds(1))
            let now = switches()
            quiet = now == before ? quiet + 1 : 0
            before = now
        }
        #expect(quiet == 3)
        #expect(before.allSatisfy { $0 > 0 }, "the threads were found")
        probes[0].send("release k")
        _ = try await probes[1].granted("k")
    }

    @Test("with few descriptors there is an error, never a crash", arguments: [4, 6, 8, 10, 12, 14, 16, 20, 24, 40])
    func fewDescriptors(_ limit: Int) async throws {
        let probe = "\(ProbeProcess.executable) \(room.path) stress x 3"
        let process = try ProbeProcess(["-c", "ulimit -n \(limit); exec \(probe) 2> /dev/null"], of: "/bin/sh")
        let status = try await process.join()
        #expect(status & 0x7F == 0, "ended by a signal")
        #expect(limit < 40 || status == 0)
        if status != 0, let reason = process.line("failed: ") { #expect(reason.contains("ulimit -n")) }
    }

    @Test("thousands of cycles leave no descriptor and no thread behind")
    func leaks() async throws {
        let probe = try ProbeProcess([room.path, "leaks", "x", "300"])
        let words = try await probe.expect("leaks ").split(separator: " ").compactMap { Int($0) }
        #expect(words.count == 4)
        #expect(words[0] == words[1] && words[2] == 0 && words[3] == 0, "\(words)")
        #expect(try await probe.join() == 0)
        #expect(TemporaryDirectory.entries(room.path + "/sessions").isEmpty)
    }
}

extension ProbeProcess {
    /// How often its threads have been put to sleep or interrupted, or 0 where the system does not say.
    fileprivate var contextSwitches: Int { contextSwitches(of: nil) }

    /// How often its threads of this name, or all of them, have been put to sleep.
    fileprivate func contextSwitches(of name: String?) -> Int {
        TemporaryDirectory.entries("/proc/\(pid)/task").reduce(0) { sum, task in
            let comm = TemporaryDirectory.contents("/proc/\(pid)/task/\(task)/comm")
            if let name, comm != Array((name + "\n").utf8) { return sum }
            let text = String(decoding: TemporaryDirectory.contents("/proc/\(pid)/task/\(task)/status"), as: UTF8.self)
            return text.split(separator: "\n").filter { $0.hasPrefix("voluntary_ctxt_switches:") }
                .compactMap { Int($0.split(separator: "\t").last ?? "") }.reduce(sum, +)
        }
    }
}
