/// What a server sent is not the Redis serialization protocol, or more than ``RESPLimits`` allow.
///
/// After it nothing that follows can be understood: the connection has to be closed. It holds the type byte of the value
/// at fault and nothing else of what was sent, so that it can be logged.
enum RESPProtocolError: Error, Hashable, Sendable {
    /// A value starts with a byte that names no type.
    case unknownType(UInt8)
    /// A string or aggregate whose length is not said in advance, which no server sends unasked.
    case streamed(type: RESPType)
    /// A number, or length, that is none or does not fit.
    case malformedNumber(type: RESPType)
    /// A length below zero that does not stand for null.
    case negativeLength(type: RESPType)
    /// A boolean, null or verbatim string that does not look like one.
    case malformed(type: RESPType)
    /// Something else where a carriage return and a line feed have to be.
    case missingLineEnd(type: RESPType)
    /// A push message inside of another value.
    case nestedPush
    /// A line is longer than this many bytes.
    case lineTooLong(limit: Int)
    /// A value has, or announces, more than this many bytes.
    case tooManyBytes(limit: Int)
    /// A value has, or announces, more than this many elements.
    case tooManyElements(limit: Int)
    /// Aggregates are nested deeper than this.
    case tooDeep(limit: Int)
}

extension RESPProtocolError: CustomStringConvertible {
    /// What is wrong, for logs.
    var description: String {
        switch self {
        case .unknownType(let byte):
            "byte \(byte) begins no value of the Redis protocol; is this a Redis server, and is TLS on or off on both sides?"
        case .streamed(let type): "\(type) of unknown length, which is not supported"
        case .malformedNumber(let type): "\(type) with a malformed number"
        case .negativeLength(let type): "\(type) with a negative length"
        case .malformed(let type): "malformed \(type)"
        case .missingLineEnd(let type): "\(type) that does not end with CR LF"
        case .nestedPush: "a push message inside of another value"
        case .lineTooLong(let limit): "a line of more than \(limit) bytes"
        case .tooManyBytes(let limit): "a value of more than \(limit) bytes"
        case .tooManyElements(let limit): "a value of more than \(limit) elements"
        case .tooDeep(let limit): "values nested deeper than \(limit)"
        }
    }
}
