/// The first byte of a value, which says what it is.
enum RESPType: UInt8, Hashable, Sendable {
    /// `+`
    case simpleString = 0x2B
    /// `-`
    case simpleError = 0x2D
    /// `:`
    case integer = 0x3A
    /// `$`
    case bulkString = 0x24
    /// `*`
    case array = 0x2A
    /// `_`
    case null = 0x5F
    /// `,`
    case double = 0x2C
    /// `#`
    case boolean = 0x23
    /// `!`
    case bulkError = 0x21
    /// `=`
    case verbatimString = 0x3D
    /// `(`
    case bigNumber = 0x28
    /// `%`
    case map = 0x25
    /// `~`
    case set = 0x7E
    /// `>`
    case push = 0x3E
    /// `|`
    case attribute = 0x7C
}

extension RESPType: CustomStringConvertible {
    /// For messages: `an array`.
    var description: String {
        switch self {
        case .simpleString: "a simple string"
        case .simpleError: "a simple error"
        case .integer: "an integer"
        case .bulkString: "a bulk string"
        case .array: "an array"
        case .null: "a null"
        case .double: "a double"
        case .boolean: "a boolean"
        case .bulkError: "a bulk error"
        case .verbatimString: "a verbatim string"
        case .bigNumber: "a big number"
        case .map: "a map"
        case .set: "a set"
        case .push: "a push message"
        case .attribute: "an attribute"
        }
    }
}
