import Testing

@testable import DistributedLocks

/// The pages of a lock file, which stop being written after so many writes, as if the process were killed.
final class PagesInMemory: FileQueue.Pages {
    struct Killed: Error {}

    private(set) var bytes: [UInt8]
    /// How many writes are left; `nil` for any number.
    var writesLeft: Int?

    init(_ bytes: [UInt8] = []) {
        self.bytes = bytes
    }

    var count: Int { bytes.count / QueuePage.size }

    func page(_ index: Int) -> [UInt8] {
        let start = index * QueuePage.size
        return Array(bytes.dropFirst(start).prefix(QueuePage.size))
            + [UInt8](repeating: 0, count: max(0, min(QueuePage.size, start + QueuePage.size - bytes.count)))
    }

    func read(_ page: UInt64, into target: inout [UInt8]) throws(LockError) -> Bool {
        guard Int(page) < count else { return false }
        target = self.page(Int(page))
        return true
    }

    func write(_ pages: [UInt8], at page: UInt64) throws(LockError) {
        if let left = writesLeft {
            guard left > 0 else { throw .storeFailed(store: "test", reason: "killed") }
            writesLeft = left - 1
        }
        let start = Int(page) * QueuePage.size
        if bytes.count < start + pages.count {
            bytes += [UInt8](repeating: 0, count: start + pages.count - bytes.count)
        }
        bytes.replaceSubrange(start..<start + pages.count, with: pages)
    }

    func cut() {
        bytes = Array(bytes.prefix(QueuePage.size))
    }

    func damaged() -> LockError { .storeFailed(store: "test", reason: "damaged") }
    func full() -> LockError { .storeFailed(store: "test", reason: "full") }
}
