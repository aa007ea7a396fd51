/// What a server has answered. Not the type of the code under test, so that a mistake there cannot hide itself.
indirect enum Reply: Sendable, Equatable {
    /// A status, or any other value in one line (doubles, booleans, an inline command).
    case status(String)
    case error(String)
    case integer(Int)
    case bulk([UInt8])
    case null
    /// An array; also a set, and a map as keys and values in turns.
    case array([Reply])
    /// Something that the server says unasked, in version 3 of the protocol.
    case push([Reply])

    /// The text of a status, an error or a bulk string.
    var text: String? {
        switch self {
        case .status(let text), .error(let text): text
        case .bulk(let bytes): String(decoding: bytes, as: UTF8.self)
        default: nil
        }
    }

    /// An integer, or a text that is one.
    var number: Int? {
        if case .integer(let number) = self { return number }
        return text.flatMap { Int($0) }
    }

    /// The items of an array or a push; empty for anything else.
    var items: [Reply] {
        switch self {
        case .array(let items), .push(let items): items
        default: []
        }
    }
}
