import NIOCore

/// What a server says of itself when a connection is opened.
struct ServerProfile: Hashable, Sendable {
    /// For example `7.0.15`.
    var version = ""
    /// `standalone`, `cluster` or `sentinel`.
    var mode = ""
    /// `master` or `replica`.
    var role = ""
    /// Whether it tells of changed keys (client-side caching).
    var tracksKeys = false

    /// Nothing is known.
    init() {}

    /// Reads the reply to HELLO; what it does not say stays empty.
    init(hello: RESPValue) {
        guard case .map(let entries) = hello else { return }
        for index in stride(from: 0, to: entries.count - 1, by: 2) {
            guard let key = entries[index].text, let value = entries[index + 1].text else { continue }
            switch key {
            case "version": version = value
            case "mode": mode = value
            case "role": role = value
            default: break
            }
        }
    }

    /// Why locks cannot be kept there; `nil` if they can.
    var objection: Objection? {
        if mode == "sentinel" { return .unsupported("a sentinel holds no data; name the server that it watches") }
        if mode == "cluster" { return .unsupported("the server is part of a cluster; name a server that stands alone") }
        if role != "master", !role.isEmpty { return .replica }
        let numbers = version.split(separator: ".").prefix(2).compactMap { Int($0) }
        if numbers.count == 2, (numbers[0], numbers[1]) < (6, 2) {
            return .unsupported("the server is version \(version); 6.2 or later is needed")
        }
        return nil
    }

    /// Why a server cannot keep locks.
    enum Objection: Hashable, Sendable {
        /// It is of the wrong kind.
        case unsupported(String)
        /// It only follows another server, for now.
        case replica
    }
}

extension RESPValue {
    /// The text of a string; `nil` for anything else.
    var text: String? {
        if case .string(let bytes) = self { String(buffer: bytes) } else { nil }
    }

    /// The number, also if it comes as text.
    var number: Int64? {
        switch self {
        case .integer(let number): number
        case .string(let bytes): Self.number(bytes.readableBytesView)
        default: nil
        }
    }

    /// Reads a number of up to eighteen digits.
    private static func number(_ digits: ByteBufferView) -> Int64? {
        guard !digits.isEmpty, digits.count <= 18 else { return nil }
        var number: Int64 = 0
        for digit in digits {
            guard digit >= UInt8(ascii: "0"), digit <= UInt8(ascii: "9") else { return nil }
            number = number * 10 + Int64(digit - UInt8(ascii: "0"))
        }
        return number
    }

    /// The elements of a list.
    var elements: [RESPValue]? {
        if case .array(let elements) = self { elements } else { nil }
    }
}
