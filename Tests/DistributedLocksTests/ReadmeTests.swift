import DistributedLocks
import Foundation
import Testing

/// The Swift code of README.md is here once more, line by line, so that it is compiled and run; a test compares the two.
@Suite("The README's code")
struct ReadmeTests {
    struct Database: Sendable {
        func save(_ order: String, ifNewerThan token: FencingToken) async throws {}
    }

    private let db = Database()
    private let order = "an order"

    private func report() async throws -> String { "written" }

    private func train(token: FencingToken) async throws -> FencingToken { token }

    @Test("The first example")
    func first() async throws {
        let locks = LockService(try FileStore(directory: FileStore.defaultDirectory()))

        try await locks.lock("orders/42").withLock { lease in  // waits its turn
            try await db.save(order, ifNewerThan: lease.fencingToken)
        }  // released: on return, on throw, on cancellation

        // nil: somebody else is at it
        let done = try await locks.lock("nightly").withLockIfAvailable { _ in try await report() }

        // at most five seconds of waiting
        let text = try await locks.lock("orders/42").withLock(timeout: .seconds(5)) { _ in try await report() }
        #expect(done == "written")
        #expect(text == "written")
        await locks.close()
    }

    @Test("The other kinds of locks")
    func others() async throws {
        let locks = LockService(MemoryStore())
        let catalog = try locks.readWriteLock("catalog")
        let seen = try await catalog.withReadLock { _ in try await report() }
        let made = try await catalog.withWriteLock(timeout: .seconds(10)) { _ in try await report() }

        let gpus = try locks.semaphore("gpu", permits: 4)
        let result = try await gpus.withPermit { lease in try await train(token: lease.fencingToken) }

        let migration = try locks.lock("migration", options: LockOptions(holdAtMost: .seconds(600)))
        let lease = try await migration.acquire(timeout: .seconds(30))
        try lease.checkHeld()  // throws LockError.lost right before a step that needs the lock
        await lease.release()
        #expect(seen == made)
        #expect(result > FencingToken(rawValue: 0))
    }

    @Test("The README says the same")
    func same() throws {
        let source = try lines(of: URL(fileURLWithPath: #filePath))
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../..")
        let readme = try lines(of: root.appendingPathComponent("README.md"))
        var isCode = false
        var position = source.startIndex
        var compared = 0
        for line in readme {
            if line.hasPrefix("```") {
                isCode = line == "```swift"
            } else if isCode, !line.isEmpty, !line.hasPrefix(".package(") {
                let found = source[position...].firstIndex(of: line)
                #expect(found != nil, "not compiled: \(line)")
                position = found.map { $0 + 1 } ?? position
                compared += 1
            }
        }
        #expect(compared > 15)
    }

    private func lines(of file: URL) throws -> [String] {
        try String(contentsOf: file, encoding: .utf8).split(separator: "\n", omittingEmptySubsequences: false)
            .map { $0.trimmingCharacters(in: .whitespaces) }
    }
}
