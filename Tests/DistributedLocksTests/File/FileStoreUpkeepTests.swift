import DistributedLocks
import Testing

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

@Suite("Files that nobody needs go, and those that somebody needs stay")
struct FileStoreUpkeepTests {
    private let room: StoreRoom

    init() throws {
        room = try StoreRoom()
    }

    private var lockFiles: [String] { TemporaryDirectory.entries(room.path + "/locks") }

    private func modified(_ name: String) -> Int {
        var info = stat()
        return stat(room.path + "/" + name, &info) == 0 ? info.st_mtim.tv_sec : 0
    }

    /// Makes a file look as if it had been changed two hours ago.
    private func age(_ name: String) {
        let past = timespec(tv_sec: time(nil) - 7_200, tv_nsec: 0)
        utimensat(AT_FDCWD, room.path + "/" + name, [past, past], 0)
    }

    @Test("closing takes the idle lock files along, and tokens grow on in new ones, even if the clock is set back")
    func closing() async throws {
        let (a, b) = (try room.store(), try room.store { $0.wallClock = WallClock { UnixTime(microseconds: 7) } })
        let (idle, busy) = (try claim("idle"), try claim("busy"))
        let token = try await a.take(idle).token
        _ = try await a.release(idle)
        _ = try await b.take(busy)
        #expect(try await a.acquire(try claim("busy"), .none).grant == nil)
        await a.close()
        #expect(lockFiles == ["busy.lock"])
        let again = try claim("idle")
        #expect(try await b.take(again).token.rawValue == token.rawValue + 1)
        await b.close()
        #expect(lockFiles.isEmpty)
    }

    @Test("however many names are used, only some files are kept")
    func manyNames() async throws {
        let store = try room.store { $0.openFileLimit = 4 }
        let held = try claim("held")
        _ = try await store.take(held)
        for number in 0..<100 {
            let claim = try claim("name \(number)")
            _ = try await store.take(claim)
            _ = try await store.release(claim)
        }
        #expect(lockFiles.count <= 6 && lockFiles.contains("held.lock"))
        await store.close()
    }

    @Test("a lock file that has not been used for a while goes, and comes back")
    func unused() async throws {
        let store = try room.store { $0.retirementInterval = .milliseconds(20) }
        let (held, used) = (try claim("held"), try claim("used"))
        _ = try await store.take(held)
        let token = try await store.take(used).token
        _ = try await store.release(used)
        try await eventually("gone") { lockFiles == ["held.lock"] }
        #expect(try await store.take(try claim("used")).token > token)
        #expect(try await store.acquire(try claim("held"), .none).grant == nil)
        await store.close()
    }

    @Test("an idle lock file is one page")
    func size() async throws {
        let store = try room.store()
        let claims = try (0..<40).map { _ in try claim("x") }
        _ = try await store.take(claims[0])
        let waits = claims.dropFirst().map { claim in Task { try await store.acquire(claim) } }
        try await eventually("queued") { try await store.status(of: claims[0].name).waiters.count == 39 }
        var info = stat()
        #expect(stat(room.path + "/locks/x.lock", &info) == 0 && info.st_size > 4_096 && info.st_size < 131_072)
        for claim in claims { _ = try await store.release(claim) }
        for wait in waits { _ = try? await wait.value }
        #expect(stat(room.path + "/locks/x.lock", &info) == 0 && info.st_size == 4_096)
        await store.close()
    }

    @Test("what killed processes have left goes within the hour", .enabled(if: ProbeProcess.isAvailable))
    func leftovers() async throws {
        let probe = try ProbeProcess(room)
        try await probe.acquire("k", "x")
        let token = try await probe.granted("k")
        probe.kill()
        let soon = try room.store()
        _ = try await soon.take(try claim("y"))
        try await eventually("stamped") { modified("swept") > 0 }
        await soon.close()
        #expect(lockFiles == ["x.lock"], "too young to go")
        age("locks/x.lock")
        let early = try room.store()
        _ = try await early.take(try claim("y"))
        await early.close()
        #expect(lockFiles == ["x.lock"], "swept not long ago")
        age("swept")
        let store = try room.store()
        _ = try await store.take(try claim("y"))
        try await eventually("swept") { lockFiles == ["y.lock"] }
        #expect(TemporaryDirectory.entries(room.path + "/sessions").count == 2)
        #expect(try await store.take(try claim("x")).token.rawValue > token)
        await store.close()
    }

    @Test("files of the living are touched, so that cleaners that go by age leave them alone")
    func touched() async throws {
        let store = try room.store { $0.touchInterval = .milliseconds(20) }
        _ = try await store.take(try claim("x"))
        let files = ["locks/x.lock"] + TemporaryDirectory.entries(room.path + "/sessions").map { "sessions/\($0)" }
        #expect(files.count == 3)
        for file in files { age(file) }
        let now = time(nil)
        try await eventually("touched") { files.allSatisfy { modified($0) >= now - 60 } }
        await store.close()
    }

    @Test("names of any bytes are different locks")
    func foreignNames() async throws {
        try await room.withStores { a, b in
            let names = try [[0xFF], [0xFE], [0xEF, 0xBF, 0xBD]].map { try LockName(bytes: $0) }
            for name in names {
                _ = try await a.take(LockClaim(name: name, mode: .exclusive, owner: OwnerID(from: .system)))
            }
            #expect(try await b.list().map(\.name) == names.sorted())
            let claim = LockClaim(name: names[0], mode: .exclusive, owner: OwnerID(from: .system))
            #expect(try await b.acquire(claim, .none).grant == nil)
        }
    }
}
