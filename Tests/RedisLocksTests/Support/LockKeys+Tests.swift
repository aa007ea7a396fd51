@testable import RedisLocks

extension LockKeys {
    var fence: String { companion(.fence).text }
    var waiters: String { companion(.waiters).text }
    var queue: String { companion(.queue).text }
    var all: [KeyBytes] { [lock, companion(.fence), companion(.waiters), companion(.queue)] }
}

extension KeyBytes: ExpressibleByStringLiteral, CustomDebugStringConvertible {
    /// The UTF-8 of a literal.
    public init(stringLiteral text: String) { self.init(text) }
    /// The text, with what cannot be seen escaped.
    public var debugDescription: String { text.debugDescription }
}

extension LockValue {
    /// What a client writes.
    var text: String { LockValueWriter(client: client).text(for: owner, holder) }
}
