import DistributedLocks
import Testing

@Suite("Contention and sudden death", .serialized, .enabled(if: ProbeProcess.isAvailable))
struct FileStoreStressTests {
    private let room: StoreRoom

    init() throws {
        room = try StoreRoom()
    }

    private var log: String { room.directory.path + "/log" }

    /// Checks a log of `begin <token>` and `end <token>`: nobody begins before the one before has ended or is dead, and
    /// tokens grow.
    ///
    /// - Returns: How many have begun.
    private func checkLog(deaths: Bool) -> Int {
        var (last, open, count): (UInt64, UInt64?, Int) = (0, nil, 0)
        for line in String(decoding: TemporaryDirectory.contents(log), as: UTF8.self).split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count == 2, let token = UInt64(words[1]) else {
                Issue.record("a torn line: \(line)")
                continue
            }
            if words[0] == "begin" {
                #expect(token > last)
                if !deaths { #expect(open == nil) }
                (last, open, count) = (token, token, count + 1)
            } else {
                // If it does not match, somebody else has begun in between.
                #expect(open == token)
                open = nil
            }
        }
        return count
    }

    private func expectUsable() async throws {
        let store = try room.store()
        let claim = try claim("x")
        let deadline = store.clock.now.advanced(by: .seconds(20))
        _ = try await store.take(claim, .until(deadline))
        _ = try await store.release(claim)
        #expect(try await store.list().isEmpty)
        await store.close()
    }

    @Test("processes that contend for a lock exclude each other, and their tokens grow")
    func contention() async throws {
        let probes = try (0..<4).map { _ in try ProbeProcess([room.path, "stress", "x", "150"], log: log) }
        for probe in probes { #expect(try await probe.join() == 0) }
        #expect(checkLog(deaths: false) == 600)
        #expect(TemporaryDirectory.entries(room.path + "/sessions").isEmpty)
        try await expectUsable()
    }

    @Test("processes killed at random moments wedge nothing and corrupt nothing")
    func randomKills() async throws {
        let random = RandomSource.system
        // More than have room in the first page of the lock file.
        var probes = try (0..<9).map { _ in try ProbeProcess([room.path, "stress", "x", "100000"], log: log) }
        for _ in 0..<200 {
            try await Task.sleep(for: .microseconds(Int(random.next() % 20_000)))
            let victim = Int(random.next() % 9)
            probes[victim].kill()
            probes[victim] = try ProbeProcess([room.path, "stress", "x", "100000"], log: log)
        }
        let before = TemporaryDirectory.contents(log).count
        try await eventually("it goes on") { TemporaryDirectory.contents(log).count > before }
        for probe in probes { probe.kill() }
        #expect(checkLog(deaths: true) > 200)
        try await expectUsable()
    }

    @Test("cancelled and expired waits race with grants, and leave nothing behind")
    func races() async throws {
        let stores = [try room.store(), try room.store()]
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0..<8 {
                group.addTask { try await Self.race(stores[index % 2], RandomSource.system, rounds: 150) }
            }
            try await group.waitForAll()
        }
        #expect(try await stores[0].list().isEmpty)
        for store in stores { await store.close() }
        #expect(TemporaryDirectory.entries(room.path + "/sessions").isEmpty)
    }

    private static func race(_ store: FileStore, _ random: RandomSource, rounds: Int) async throws {
        for _ in 0..<rounds {
            let claim = try claim("x", random.next() % 3 == 0 ? .shared : .exclusive)
            let deadline = store.clock.now.advanced(by: random.jitter(upTo: .milliseconds(3)))
            let task = Task { try await store.acquire(claim, random.next() % 2 == 0 ? .unlimited : .until(deadline)) }
            if random.next() % 2 == 0 {
                try await Task.sleep(for: random.jitter(upTo: .milliseconds(2)))
                task.cancel()
            }
            switch await task.result {
            case .success(.unavailable): #expect(try await store.release(claim) == .notHeld)
            case .success(.granted): #expect(try await store.release(claim) == .released)
            case .failure(let error):
                #expect(error is CancellationError)
                _ = try await store.release(claim)
            }
        }
    }
}
