import Foundation

/// Machine-readable output.
enum JSONOutput {
    /// `value` as one line of JSON, keys in order, without escaped slashes.
    static func line(_ value: some Encodable) throws -> String {
        try text(value, [])
    }

    /// `value` as indented JSON.
    static func document(_ value: some Encodable) throws -> String {
        try text(value, .prettyPrinted)
    }

    private static func text(_ value: some Encodable, _ more: JSONEncoder.OutputFormatting) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = more.union([.sortedKeys, .withoutEscapingSlashes])
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }
}
