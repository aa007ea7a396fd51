import NIOCore

/// An argument of a ``RedisCommand``.
enum RedisWord: Hashable, Sendable {
    /// Its UTF-8.
    case text(String)
    /// As they are.
    case bytes(ByteBuffer)
    /// Its decimal digits.
    case integer(Int64)
}

extension RedisWord: ExpressibleByStringLiteral {
    init(stringLiteral value: String) {
        self = .text(value)
    }
}

extension RedisWord: ExpressibleByIntegerLiteral {
    init(integerLiteral value: Int64) {
        self = .integer(value)
    }
}
