@testable import RedisLocks

extension LockKeys {
    var fence: String { companion(.fence) }
    var waiters: String { companion(.waiters) }
    var queue: String { companion(.queue) }
    var all: [String] { [lock, fence, waiters, queue] }
}

extension LockValue {
    /// What a client writes.
    var text: String { LockValueWriter(client: client).text(for: owner, holder) }
}
