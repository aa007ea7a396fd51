import DistributedLocks
import DistributedLocksTesting
import Testing

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

@Suite("A file store in trouble")
struct FileStoreTroubleTests {
    private let room: StoreRoom

    init() throws {
        room = try StoreRoom()
    }

    private func exists(_ name: String) -> Bool { access(room.path + "/" + name, F_OK) == 0 }

    /// Calls `body` while another open file has the guard of the lock file of `name`.
    private func whileGuarded(_ name: String, _ body: () async throws -> Void) async throws {
        let file = open("\(room.path)/locks/\(name).lock", O_RDWR | O_CLOEXEC)
        defer { close(file) }
        #expect(flock(file, LOCK_EX) == 0)
        // Not left to the end of the file: a process that is being spawned may have a duplicate of it for a moment.
        defer { _ = flock(file, LOCK_UN) }
        try await body()
    }

    // MARK: Files that are taken away

    @Test("a session whose files are removed loses what it holds, is told, and goes on with a new one")
    func removedSession() async throws {
        let store = try room.store { $0.tickInterval = .milliseconds(10) }
        let lost = Collector<LossReason>()
        let one = try claim("x")
        try await store.take(one).lossSignal?.listen { lost.add($0) }
        for name in TemporaryDirectory.entries(room.path + "/sessions") where name.hasSuffix(".alive") {
            unlink("\(room.path)/sessions/\(name)")
        }
        try await eventually("told") { lost.elements == [.removed] }
        let two = try claim("x")
        #expect(try await store.take(two, .none).claim == two)
        _ = try await store.release(one)
        #expect(try await store.status(of: two.name).holders.map(\.owner) == [two.owner])
        await store.close()
        #expect(TemporaryDirectory.entries(room.path + "/sessions").isEmpty)
    }

    @Test("a lock file that is removed ends the lease, and that one only")
    func removedLockFile() async throws {
        let store = try room.store { $0.tickInterval = .milliseconds(10) }
        let (lost, kept) = (Collector<LossReason>(), Collector<LossReason>())
        let one = try claim("x")
        try await store.take(one).lossSignal?.listen { lost.add($0) }
        try await store.take(try claim("y")).lossSignal?.listen { kept.add($0) }
        unlink(room.path + "/locks/x.lock")
        try await eventually("told") { lost.elements == [.removed] }
        #expect(kept.elements.isEmpty)
        #expect(try await store.release(one) == .notHeld)
        _ = try await store.take(try claim("x"), .none)
        await store.close()
    }

    #if os(Linux)
        /// Whether the kernel has another queue to give for changes of files; a user may have 128 by default.
        private var kernelTells: Bool {
            let queue = inotify_init1(0)
            defer { close(queue) }
            return queue >= 0
        }

        @Test("the kernel tells what is taken away, without any slow check", arguments: ["lock", "session", "parent"])
        func toldByTheKernel(_ what: String) async throws {
            let store = try room.store { $0.tickInterval = .seconds(3_600) }
            let lost = Collector<LossReason>()
            try await store.take(try claim("x")).lossSignal?.listen { lost.add($0) }
            guard kernelTells else { try Test.cancel("the system watches no more files for this user") }
            // Past the beats after which the files are watched.
            try await Task.sleep(for: .milliseconds(500))
            switch what {
            case "lock": unlink(room.path + "/locks/x.lock")
            case "session":
                for name in TemporaryDirectory.entries(room.path + "/sessions") {
                    unlink("\(room.path)/sessions/\(name)")
                }
            default: #expect(rename(room.directory.path, room.directory.path + "-old") == 0)
            }
            try await eventually("told") { lost.elements == [.removed] }
            if what == "parent" { #expect(rename(room.directory.path + "-old", room.directory.path) == 0) }
            await store.close()
        }
    #endif

    @Test("a directory that is moved away ends the leases, and what is granted after that is in the new one")
    func movedDirectory() async throws {
        let (a, b) = (
            try room.store { $0.tickInterval = .milliseconds(10) },
            try room.store { $0.tickInterval = .milliseconds(10) }
        )
        let lost = Collector<LossReason>()
        try await a.take(try claim("x")).lossSignal?.listen { lost.add($0) }
        let waiter = try await b.queue(try claim("x"))
        #expect(rename(room.path, room.path + "-old") == 0)
        try await eventually("told") { lost.elements == [.removed] }
        // The waiter may have been granted in the old directory before it noticed; then it is told, too.
        let lostToo = Collector<LossReason>()
        try #require(try await waiter.value.grant).lossSignal?.listen { lostToo.add($0) }
        try await eventually("told or granted anew") {
            let isHeld = try await a.status(of: try LockName("x")).holders.count == 1
            return isHeld || lostToo.elements == [.removed]
        }
        await a.close()
        await b.close()
    }

    @Test("a waiter survives that the directory is removed and made anew, and that it is away for a moment")
    func removedDirectory() async throws {
        let (a, b) = (try room.store(), try room.store())
        let lost = Collector<LossReason>()
        try await a.take(try claim("x")).lossSignal?.listen { lost.add($0) }
        let waiter = try await b.queue(try claim("x"))
        TemporaryDirectory.remove(room.directory.path)
        try await eventually("told") { lost.elements == [.removed] }
        #expect(mkdir(room.directory.path, 0o700) == 0)
        let grant = try #require(try await waiter.value.grant)
        _ = try await b.release(grant.claim)
        _ = try await a.take(try claim("x"))
        await a.close()
        await b.close()
    }

    @Test("a damaged lock file is an error at once, and releasing what never got into it is none")
    func damagedFile() async throws {
        let store = try room.store()
        let one = try claim("x")
        _ = try await store.take(one)
        _ = try await store.release(one)
        var bytes = TemporaryDirectory.contents(room.path + "/locks/x.lock")
        bytes[20] ^= 1
        TemporaryDirectory.write(bytes, to: room.path + "/locks/x.lock")
        let two = try claim("x")
        let error = await #expect(throws: LockError.self) { try await store.acquire(two, .none) }
        #expect(error?.description.contains("x.lock is damaged") == true)
        #expect(try await store.release(two) == .notHeld)
        await store.close()
    }

    @Test("an idle file from before the first release is replaced, one that is held is refused")
    func formerFormat() async throws {
        func file(holders: UInt8) -> [UInt8] {
            var bytes = [UInt8]("dlockfs1".utf8) + [9] + [UInt8](repeating: 0, count: 23)
            bytes += [1, 0] + Array("x".utf8) + [UInt8](repeating: 7, count: 8) + [holders, 0, 0, 0, 0, 0, 0, 0]
            return bytes + [UInt8](repeating: 0, count: 4_096 - bytes.count)
        }
        let store = try room.store()
        _ = try await store.take(try claim("other"))
        TemporaryDirectory.write(file(holders: 1), to: room.path + "/locks/x.lock")
        await #expect(throws: LockError.self) { try await store.acquire(try claim("x"), .none) }
        TemporaryDirectory.write(file(holders: 0), to: room.path + "/locks/x.lock")
        _ = try await store.take(try claim("x"), .none)
        await store.close()
    }

    @Test("tokens grow although the wall clock steps back")
    func clockStepsBack() async throws {
        let store = try room.store()
        let back = try room.store { $0.wallClock = WallClock { UnixTime(microseconds: -5) } }
        let one = try claim("x")
        let token = try await store.take(one).token
        _ = try await store.release(one)
        #expect(try await back.take(try claim("x")).token.rawValue == token.rawValue + 1)
        await store.close()
        await back.close()
    }

    // MARK: A process that is stopped in a critical section

    @Test("a file whose guard is not given back: requests end as their patience says")
    func guardedFile() async throws {
        let clock = ManualClock()
        let store = try room.store { $0.clock = clock.leaseClock }
        let held = try claim("x")
        _ = try await store.take(held)
        try await whileGuarded("x") {
            let results = try await driven(clock) {
                (try await store.acquire(try claim("x"), .until(clock.now.advanced(by: .seconds(3))))).grant == nil
            }
            #expect(try results.get())
            guard
                case .failure(let error as LockError) = try await driven(
                    clock,
                    { try await store.acquire(try claim("x"), .none) }
                ),
                case .storeFailed(_, let reason) = error
            else {
                Issue.record("no error")
                return
            }
            #expect(reason.contains("x.lock stays locked") && reason.contains("stopped"))
            guard case .failure(let error as LockError) = try await driven(clock, { try await store.release(held) }),
                case .unreachable = error
            else {
                Issue.record("no error")
                return
            }
            let patient = Task { try await store.acquire(try claim("x")) }
            patient.cancel()
            await #expect(throws: CancellationError.self) { try await patient.value }
        }
        #expect(try await store.release(held) == .released)
        await store.close()
    }

    /// Runs `body` while the clock goes on.
    private func driven<Value: Sendable>(
        _ clock: ManualClock,
        _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Result<Value, any Error> {
        let done = Collector<Result<Value, any Error>>()
        Task {
            do { done.add(.success(try await body())) } catch { done.add(.failure(error)) }
        }
        try await eventually("an end") {
            clock.jump(by: .milliseconds(50))
            return !done.elements.isEmpty
        }
        return done.elements[0]
    }

    // MARK: Full pipes, full disks, no descriptors

    @Test("a grant that finds the waiter's pipe full is not lost", .enabled(if: ProbeProcess.isAvailable))
    func fullPipe() async throws {
        let (a, b) = (try ProbeProcess(room), try ProbeProcess(room))
        try await b.acquire("other", "other")
        let pipe = try #require(TemporaryDirectory.entries(room.path + "/sessions").first { $0.hasSuffix(".wake") })
        try await a.acquire("k", "x")
        try await b.acquire("k", "x")
        b.signal(SIGSTOP)
        let file = open("\(room.path)/sessions/\(pipe)", O_RDWR | O_NONBLOCK | O_CLOEXEC)
        defer { close(file) }
        let message = WakeMessage(.recheck, owner: OwnerID(high: 1, low: 2)).bytes
        var count = 0
        while write(file, message, message.count) == message.count { count += 1 }
        #expect(count >= 4_096 / message.count)
        a.send("release k")
        _ = try await a.expect("released k")
        b.signal(SIGCONT)
        _ = try await b.granted("k")
        #expect(b.line("lost") == nil)
    }

    @Test(
        "without a free descriptor known and new names can still be taken, and the next is woken",
        .enabled(if: ProbeProcess.isAvailable)
    )
    func noDescriptors() async throws {
        let (a, b) = (try ProbeProcess(room), try ProbeProcess(room))
        try await a.acquire("k", "x")
        try await b.acquire("k", "x")
        a.send("exhaust")
        _ = try await a.expect("exhausted")
        a.send("release k")
        _ = try await b.granted("k")
        for index in 0..<5 {
            try await a.acquire("\(index)", "name\(index)")
            try await b.acquire("\(index)", "name\(index)")
        }
        for index in 0..<5 {
            a.send("release \(index)")
            _ = try await b.granted("\(index)")
        }
    }

    @Test("a new store without a descriptor says so", .enabled(if: ProbeProcess.isAvailable))
    func noDescriptorsAtAll() async throws {
        let a = try ProbeProcess(room)
        a.send("exhaust")
        _ = try await a.expect("exhausted")
        a.send("acquire k x exclusive")
        #expect(try await a.expect("failed").contains("ulimit -n"))
        a.send("relieve")
        _ = try await a.expect("relieved")
        a.send("acquire l x exclusive")
        _ = try await a.granted("l")
        a.kill()
    }

    @Test("with a full disk new claims fail, and releases and hand-overs go on")
    func fullDisk() async throws {
        let mount = room.directory.path + "/mount"
        mkdir(mount, 0o700)
        guard Self.run(["/bin/mount", "-t", "tmpfs", "-o", "size=256k,mode=700", "tmpfs", mount]) else {
            try Test.cancel("needs root, and the right to mount a file system")
        }
        defer { _ = Self.run(["/bin/umount", "-l", mount]) }
        let (a, b) = (try FileStore(directory: mount + "/d"), try FileStore(directory: mount + "/d"))
        let (one, two) = (try claim("x"), try claim("x"))
        _ = try await a.take(one)
        let waiter = try await b.queue(two)
        TemporaryDirectory.write([UInt8](repeating: 1, count: 300_000), to: mount + "/filler")
        let error = await #expect(throws: LockError.self) { try await a.acquire(try claim("y")) }
        guard case .storeFailed(_, let reason) = error else {
            Issue.record("no error")
            return
        }
        #expect(reason.contains("No space left") && reason.contains("free some space"))
        #expect(try await a.release(one) == .released)
        #expect(try await waiter.value.grant != nil)
        #expect(try await b.release(two) == .released)
        unlink(mount + "/filler")
        _ = try await a.take(try claim("y"))
        await a.close()
        await b.close()
        #expect(Self.run(["/bin/mount", "-o", "remount,ro", mount]))
        await #expect(throws: LockError.self) { try await FileStore(directory: mount + "/d").acquire(try claim("x")) }
        let readOnly = await #expect(throws: LockError.self) {
            try await FileStore(directory: mount + "/new").acquire(try claim("x"))
        }
        #expect(readOnly?.description.contains("read-only") == true)
    }

    private static func run(_ words: [String]) -> Bool {
        var arguments = words.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        var pid = pid_t()
        guard geteuid() == 0, posix_spawn(&pid, words[0], nil, nil, &arguments, environ) == 0 else { return false }
        var status: Int32 = 0
        return waitpid(pid, &status, 0) == pid && status == 0
    }
}
