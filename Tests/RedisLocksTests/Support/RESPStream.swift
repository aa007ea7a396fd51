/// Takes a stream of the Redis protocol (commands or replies, version 2 or 3) apart.
struct RESPStream {
    struct Malformed: Error, CustomStringConvertible {
        let description: String
    }

    /// A complete value, and the bytes it came in.
    struct Frame: Sendable {
        var value: Reply
        var bytes: [UInt8]
    }

    private var buffer: [UInt8] = []

    mutating func append(_ bytes: [UInt8]) {
        buffer += bytes
    }

    /// The next complete value; `nil` if there is none yet.
    mutating func next() throws -> Frame? {
        var position = 0
        guard let value = try Self.value(buffer, &position) else { return nil }
        defer { buffer.removeFirst(position) }
        return Frame(value: value, bytes: Array(buffer[..<position]))
    }

    private static func value(_ bytes: [UInt8], _ position: inout Int) throws -> Reply? {
        guard let line = line(bytes, &position) else { return nil }
        let rest = String(line.dropFirst())
        switch line.first {
        case "-": return .error(rest)
        case ":": return .integer(try number(rest))
        case "$", "=", "!": return try bulk(bytes, &position, try number(rest))
        case "*", "~": return try items(bytes, &position, try number(rest)).map { $0.map(Reply.array) ?? .null }
        case "%": return try items(bytes, &position, 2 * number(rest)).map { .array($0 ?? []) }
        case ">": return try items(bytes, &position, try number(rest)).map { .push($0 ?? []) }
        case "_": return .null
        case "|":
            // Attributes come before the value that they describe.
            guard try items(bytes, &position, 2 * number(rest)) != nil else { return nil }
            return try value(bytes, &position)
        case "+", ",", "#", "(": return .status(rest)
        default: return .status(line)
        }
    }

    private static func number(_ text: String) throws -> Int {
        guard let number = Int(text) else { throw Malformed(description: "not a number: \(text)") }
        return number
    }

    /// The line at a position, without its end.
    private static func line(_ bytes: [UInt8], _ position: inout Int) -> String? {
        guard let end = bytes[position...].firstIndex(of: 10) else { return nil }
        let line = bytes[position..<end]
        position = end + 1
        return String(decoding: line.last == 13 ? line.dropLast() : line, as: UTF8.self)
    }

    private static func bulk(_ bytes: [UInt8], _ position: inout Int, _ count: Int) throws -> Reply? {
        guard count >= 0 else { return .null }
        guard bytes.count >= position + count + 2 else { return nil }
        defer { position += count + 2 }
        return .bulk(Array(bytes[position..<position + count]))
    }

    /// So many values; `nil` if they are not all there, and `nil` inside if there is no array at all (a count of -1).
    private static func items(_ bytes: [UInt8], _ position: inout Int, _ count: Int) throws -> [Reply]?? {
        guard count >= 0 else { return .some(nil) }
        var items: [Reply] = []
        for _ in 0..<count {
            guard let item = try value(bytes, &position) else { return nil }
            items.append(item)
        }
        return items
    }
}
