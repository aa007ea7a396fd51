import NIOCore

/// One value of the Redis serialization protocol, version 3 (https://redis.io/docs/latest/develop/reference/protocol-spec/).
enum RESPValue: Hashable, Sendable {
    /// Nothing, in any of the forms of either version.
    case null
    /// Text or bytes: a simple, bulk or verbatim string.
    case string(ByteBuffer)
    /// The server refuses. It is kept elsewhere, since it is larger than all others and rare.
    indirect case error(RESPError)
    /// A whole number.
    case integer(Int64)
    /// A fractional number.
    case double(Double)
    /// True or false.
    case boolean(Bool)
    /// A whole number of any size, as its digits.
    case bigNumber(String)
    /// A list; sets are given as lists.
    case array([RESPValue])
    /// Keys and values in turn.
    case map([RESPValue])
    /// Something that nobody asked for: a message or an invalidation.
    case push([RESPValue])
}
