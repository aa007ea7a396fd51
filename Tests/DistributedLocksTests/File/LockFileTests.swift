import DistributedLocks
import Testing

@Suite("Damaged lock files")
struct LockFileTests {
    private let temporary: TemporaryDirectory
    private let directory: LockDirectory

    init() throws {
        temporary = try TemporaryDirectory()
        directory = try LockDirectory(path: temporary.path + "/d", label: "file://d", probe: { _ in .local })
    }

    private func path(_ fileName: String) -> String { "\(temporary.path)/d/locks/\(fileName)" }

    /// What a file says, or why it says nothing.
    private func read(_ fileName: String) -> Result<LockQueue<SessionID>?, LockError> {
        do throws(LockError) {
            guard let file = try LockFile.open(fileName: fileName, in: directory) else { return .success(nil) }
            switch try file.attempt({ $0.queue }) {
            case .done(let queue): return .success(queue)
            case .empty, .busy, .removed: return .success(nil)
            }
        } catch {
            return .failure(error)
        }
    }

    /// A file of which somebody holds the lock and somebody waits, as it is after each change.
    private func history() async throws -> (bytes: [[UInt8]], queues: [LockQueue<SessionID>]) {
        let room = try StoreRoom()
        let store = try room.store()
        let (one, two) = (try claim("x"), try claim("x"))
        var bytes: [[UInt8]] = []
        _ = try await store.take(one)
        bytes.append(TemporaryDirectory.contents(room.path + "/locks/x.lock"))
        let waiter = try await store.queue(two)
        bytes.append(TemporaryDirectory.contents(room.path + "/locks/x.lock"))
        _ = try await store.release(one)
        _ = try await waiter.value
        bytes.append(TemporaryDirectory.contents(room.path + "/locks/x.lock"))
        await store.close()
        var queues: [LockQueue<SessionID>] = []
        for state in bytes {
            TemporaryDirectory.write(state, to: path("h.lock"))
            queues.append(try #require(try read("h.lock").get()))
        }
        return (bytes, queues)
    }

    @Test("whatever bit changes, a file says what it said, what it said before, or that it is damaged")
    func bitFlips() async throws {
        let (bytes, queues) = try await history()
        #expect(queues.map(\.holders.count) == [1, 1, 1] && queues.map(\.waiters.count) == [0, 1, 0])
        let expected = [queues[1], queues[2]]
        for start in [0, LockSlot.maximumSize] {
            for index in start..<start + 300 {
                await Task.yield()
                var damaged = bytes[2]
                damaged[index] ^= 1 << (index % 8)
                TemporaryDirectory.write(damaged, to: path("y.lock"))
                let found = try #require(try read("y.lock").get())
                #expect(expected.contains(found), "byte \(index)")
            }
        }
    }

    @Test("wherever a file is cut, it says what it said, what it said before, or that it is damaged")
    func truncations() async throws {
        let (bytes, queues) = try await history()
        let lengths = Array(1..<400) + Array(LockSlot.maximumSize - 3..<LockSlot.maximumSize + 400)
        for last in [1, 2] {
            for length in lengths {
                await Task.yield()
                TemporaryDirectory.write(Array(bytes[last].prefix(length)), to: path("y.lock"))
                switch read("y.lock") {
                case .success(let queue): #expect([queues[last], queues[last - 1]].contains(queue), "\(length)")
                case .failure(.storeFailed(_, let reason)): #expect(reason.contains("y.lock is damaged"))
                case .failure(let error): Issue.record(error)
                }
            }
        }
    }

    @Test("a write that is cut short leaves what was there before")
    func tornWrites() async throws {
        let (bytes, queues) = try await history()
        for next in [1, 2] {
            let slots = Array(0..<LockSlot.pageSize) + (0..<LockSlot.pageSize).map { LockSlot.maximumSize + $0 }
            let changed = slots.filter { bytes[next][$0] != bytes[next - 1][$0] }
            var torn = bytes[next - 1]
            for index in changed.dropLast() {
                await Task.yield()
                torn[index] = bytes[next][index]
                guard index % 3 == 0 else { continue }
                TemporaryDirectory.write(torn, to: path("y.lock"))
                #expect(try read("y.lock").get() == queues[next - 1])
            }
        }
    }

    @Test("a file whose very first write was cut short is empty; with both slots damaged it is refused")
    func firstWrite() async throws {
        let (bytes, _) = try await history()
        var first = bytes[0]
        for index in 0..<LockSlot.pageSize { first[index] = 0 }
        for length in LockSlot.maximumSize..<LockSlot.maximumSize + 200 {
            TemporaryDirectory.write(Array(first.prefix(length)), to: path("y.lock"))
            let queue = try read("y.lock").get()
            #expect(queue == nil || queue?.isIdle == true)
        }
        var ruined = bytes[2]
        ruined[40] ^= 1
        ruined[LockSlot.maximumSize + 40] ^= 1
        TemporaryDirectory.write(ruined, to: path("y.lock"))
        guard case .failure(.storeFailed(_, let reason)) = read("y.lock") else {
            Issue.record("not refused")
            return
        }
        #expect(reason.contains("y.lock is damaged") && reason.contains("remove the file"))
    }
}
