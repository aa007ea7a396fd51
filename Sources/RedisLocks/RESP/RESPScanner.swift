/// Finds the next token in bytes that nobody vouches for. It keeps nothing, and looks at as many bytes as it has to.
///
/// What it finds, and what it complains about, depends on the bytes and never on how many of them have come so far.
struct RESPScanner {
    /// How long a line may be.
    let lineLimit: Int
    /// How many bytes the outermost value may have.
    let byteLimit: Int

    /// Finds the token at the start of `bytes`.
    ///
    /// - Parameters:
    ///   - bytes: What has come so far.
    ///   - scanned: How many bytes are known to hold no end of a line; 0 for a new token. It goes up when the token is
    ///     incomplete, so that a long line that comes in many parts is not searched from its start again.
    ///   - used: How many bytes of the outermost value came before.
    /// - Returns: The token, or `nil` when it is incomplete.
    /// - Throws: When this is no token, or one that is too long.
    func scan(_ bytes: Span<UInt8>, scanned: inout Int, used: Int) throws(RESPProtocolError) -> RESPToken? {
        guard bytes.count > 0 else { return nil }
        guard let type = RESPType(rawValue: bytes[0]) else { throw .unknownType(bytes[0]) }
        guard let end = try lineEnd(in: bytes, of: type, scanned: &scanned, used: used) else { return nil }
        let line = RESPToken.Content.string(1..<end)
        switch type {
        case .integer: return token(.integer(try Self.number(in: bytes, 1..<end, of: type)), end)
        case .simpleString: return token(line, end)
        case .simpleError: return token(.error(1..<end), end)
        case .bulkString, .bulkError, .verbatimString: return try bulk(in: bytes, of: type, lineEnd: end, used: used)
        case .array, .map, .set, .push, .attribute: return token(try Self.head(in: bytes, of: type, lineEnd: end), end)
        case .null, .boolean, .double, .bigNumber: return token(try Self.rare(in: bytes, of: type, lineEnd: end), end)
        }
    }

    private func token(_ content: RESPToken.Content, _ lineEnd: Int) -> RESPToken {
        RESPToken(content: content, length: lineEnd + 2)
    }

    /// Where the first line ends: the place of its carriage return, or `nil` when that, or its line feed, is yet to come.
    private func lineEnd(
        in bytes: Span<UInt8>,
        of type: RESPType,
        scanned: inout Int,
        used: Int
    ) throws(RESPProtocolError) -> Int? {
        let allowance = byteLimit - used - 2
        let last = min(lineLimit, allowance)
        var index = max(scanned, 1)
        while index < bytes.count, index <= last {
            let byte = bytes[index]
            if byte == Self.carriageReturn {
                scanned = index
                guard index + 1 < bytes.count else { return nil }
                guard bytes[index + 1] == Self.lineFeed else { throw .missingLineEnd(type: type) }
                return index
            }
            guard byte != Self.lineFeed else { throw .missingLineEnd(type: type) }
            index += 1
        }
        guard index <= last else {
            throw lineLimit <= allowance ? .lineTooLong(limit: lineLimit) : .tooManyBytes(limit: byteLimit)
        }
        scanned = index
        return nil
    }

    /// A string or error whose length is said first. The length is judged before any of it has come.
    private func bulk(
        in bytes: Span<UInt8>,
        of type: RESPType,
        lineEnd: Int,
        used: Int
    ) throws(RESPProtocolError) -> RESPToken? {
        guard let count = try Self.length(in: bytes, of: type, lineEnd: lineEnd) else { return token(.null, lineEnd) }
        let start = lineEnd + 2
        guard count <= byteLimit - used - start - 2 else { throw .tooManyBytes(limit: byteLimit) }
        let end = start + count
        guard bytes.count >= end + 2 else { return nil }
        guard bytes[end] == Self.carriageReturn, bytes[end + 1] == Self.lineFeed else {
            throw .missingLineEnd(type: type)
        }
        switch type {
        case .bulkError: return token(.error(start..<end), end)
        case .verbatimString:
            // Three letters that say which kind of text it is, and a colon.
            guard count >= 4, bytes[start + 3] == UInt8(ascii: ":") else { throw .malformed(type: type) }
            return token(.string(start + 4..<end), end)
        default: return token(.string(start..<end), end)
        }
    }

    private static func head(
        in bytes: Span<UInt8>,
        of type: RESPType,
        lineEnd: Int
    ) throws(RESPProtocolError) -> RESPToken.Content {
        guard let count = try length(in: bytes, of: type, lineEnd: lineEnd) else { return .null }
        guard type == .map || type == .attribute else { return .head(type, count: count) }
        let (elements, overflow) = count.multipliedReportingOverflow(by: 2)
        guard !overflow else { throw .malformedNumber(type: type) }
        return .head(type, count: elements)
    }

    /// The length in the first line; `nil` for the nulls of the protocol's second version.
    private static func length(
        in bytes: Span<UInt8>,
        of type: RESPType,
        lineEnd: Int
    ) throws(RESPProtocolError) -> Int? {
        guard lineEnd != 2 || bytes[1] != UInt8(ascii: "?") else { throw .streamed(type: type) }
        let number = try number(in: bytes, 1..<lineEnd, of: type)
        guard number < 0 else {
            guard let length = Int(exactly: number) else { throw .malformedNumber(type: type) }
            return length
        }
        guard number == -1, type == .bulkString || type == .array else { throw .negativeLength(type: type) }
        return nil
    }

    /// Values of one line that are not often seen.
    private static func rare(
        in bytes: Span<UInt8>,
        of type: RESPType,
        lineEnd: Int
    ) throws(RESPProtocolError) -> RESPToken.Content {
        switch type {
        case .null where lineEnd == 1: return .null
        case .boolean where lineEnd == 2 && bytes[1] == UInt8(ascii: "t"): return .boolean(true)
        case .boolean where lineEnd == 2 && bytes[1] == UInt8(ascii: "f"): return .boolean(false)
        case .double:
            guard let value = RESPDouble.parse(bytes.extracting(1..<lineEnd)) else {
                throw .malformedNumber(type: type)
            }
            return .double(value)
        case .bigNumber:
            guard isWhole(bytes, 1..<lineEnd) else { throw .malformedNumber(type: type) }
            return .bigNumber(1..<lineEnd)
        default: throw .malformed(type: type)
        }
    }

    /// Whether there are digits, after a sign or none.
    private static func isWhole(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
        let start = range.lowerBound + (isSign(bytes[range.lowerBound]) ? 1 : 0)
        guard start < range.upperBound else { return false }
        for index in start..<range.upperBound where bytes[index] &- UInt8(ascii: "0") > 9 { return false }
        return true
    }

    /// A whole number of 64 bits: digits, after a sign or none. Twenty characters are enough for all there are.
    private static func number(
        in bytes: Span<UInt8>,
        _ range: Range<Int>,
        of type: RESPType
    ) throws(RESPProtocolError) -> Int64 {
        var index = range.lowerBound
        let isNegative = bytes[index] == UInt8(ascii: "-")
        if isSign(bytes[index]) { index += 1 }
        guard index < range.upperBound, range.count <= 20 else { throw .malformedNumber(type: type) }
        var magnitude: UInt64 = 0
        while index < range.upperBound {
            let digit = bytes[index] &- UInt8(ascii: "0")
            guard digit <= 9 else { throw .malformedNumber(type: type) }
            let (tens, overflow) = magnitude.multipliedReportingOverflow(by: 10)
            let (sum, carry) = tens.addingReportingOverflow(UInt64(digit))
            guard !overflow, !carry else { throw .malformedNumber(type: type) }
            magnitude = sum
            index += 1
        }
        guard magnitude <= (isNegative ? Int64.min.magnitude : Int64.max.magnitude) else {
            throw .malformedNumber(type: type)
        }
        return isNegative ? 0 &- Int64(truncatingIfNeeded: magnitude) : Int64(truncatingIfNeeded: magnitude)
    }

    private static func isSign(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "-") || byte == UInt8(ascii: "+") }

    private static let carriageReturn: UInt8 = 0x0D
    private static let lineFeed: UInt8 = 0x0A
}
