/// A value of JSON (RFC 8259), for output. Members of an object stay in their order.
enum JSONValue: Hashable, Sendable {
    case string(String)
    case integer(Int64)
    case unsigned(UInt64)
    case number(Double)
    case boolean(Bool)
    case array([JSONValue])
    case object([Member])

    /// A member of an object.
    struct Member: Hashable, Sendable {
        var name: String
        var value: JSONValue
    }

    /// The members that have a value.
    static func members(_ members: KeyValuePairs<String, JSONValue?>) -> [Member] {
        members.compactMap { name, value in value.map { Member(name: name, value: $0) } }
    }

    /// An object of the members that have a value.
    static func object(_ members: KeyValuePairs<String, JSONValue?>) -> JSONValue {
        .object(Self.members(members))
    }

    /// The value as one line.
    var line: String {
        switch self {
        case .array(let values):
            "[" + values.map(\.line).joined(separator: ",") + "]"
        case .object(let members):
            "{" + members.map { "\(Self.quoted($0.name)):\($0.value.line)" }.joined(separator: ",") + "}"
        default: scalar
        }
    }

    /// The value in lines, for people too.
    var document: String { lines(indent: "") }

    private func lines(indent: String) -> String {
        let inner = indent + "  "
        func block(_ open: String, _ parts: [String], _ close: String) -> String {
            parts.isEmpty
                ? open + close
                : open + "\n" + parts.map { inner + $0 }.joined(separator: ",\n") + "\n" + indent + close
        }
        return switch self {
        case .array(let values):
            block("[", values.map { $0.lines(indent: inner) }, "]")
        case .object(let members):
            block("{", members.map { "\(Self.quoted($0.name)): \($0.value.lines(indent: inner))" }, "}")
        default: scalar
        }
    }

    private var scalar: String {
        switch self {
        case .string(let text): Self.quoted(text)
        case .integer(let value): "\(value)"
        case .unsigned(let value): "\(value)"
        case .number(let value) where !value.isFinite: "null"
        case .number(let value): value == value.rounded() && abs(value) < 1e15 ? "\(Int64(value))" : "\(value)"
        case .boolean(let value): value ? "true" : "false"
        case .array, .object: line
        }
    }

    /// A string of JSON that plays no tricks on a terminal: what ``printable(_:)`` makes visible is escaped.
    private static func quoted(_ text: String) -> String {
        text.unicodeScalars.reduce(into: "\"") { result, scalar in
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\t": result += "\\t"
            case _ where isControl(scalar): result += String(Character(scalar)).utf16.map(escape).joined()
            default: result.unicodeScalars.append(scalar)
            }
        } + "\""
    }

    private static func escape(_ unit: UInt16) -> String {
        let digits = String(unit, radix: 16)
        return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    }
}
