import Foundation
import Testing

@testable import DLockCommands

@Suite struct JSONValueTests {
    /// What can change what a terminal shows elsewhere, or ends a line for some reader.
    private static let dangerous: [Unicode.Scalar] = [
        "\u{0}", "\u{7}", "\u{8}", "\u{1B}", "\u{7F}", "\u{85}", "\u{9B}", "\u{200E}", "\u{202E}", "\u{2028}",
        "\u{2029}",
        "\u{2066}", "\u{FEFF}", "\u{E0001}",
    ]

    @Test(arguments: dangerous)
    func `Control, direction and separator characters are escaped, and mean the same`(_ scalar: Unicode.Scalar) throws {
        let text = "a\(scalar)b"
        let line = JSONValue.string(text).line
        #expect(!line.unicodeScalars.contains(scalar))
        #expect(line.utf8.allSatisfy { (0x20..<0x7F).contains($0) })
        #expect(try parsed(line) as? String == text)
    }

    @Test(arguments: ["", "plain", "ümlaut 🎉", "\"quotes\" \\ / and\nlines\ttabs", "\u{10FFFF}"])
    func `Any other text is itself`(_ text: String) throws {
        #expect(try parsed(JSONValue.string(text).line) as? String == text)
    }

    @Test func `Numbers are as short as they can be`() {
        #expect(JSONValue.number(20).line == "20")
        #expect(JSONValue.number(1.5).line == "1.5")
        #expect(JSONValue.number(.infinity).line == "null")
        #expect(JSONValue.unsigned(.max).line == "18446744073709551615")
        #expect(JSONValue.integer(.min).line == "-9223372036854775808")
    }

    @Test func `Members without a value are left out, and the others keep their order`() {
        let value = JSONValue.object(["b": .boolean(true), "none": nil, "a": .array([])])
        #expect(value.line == #"{"b":true,"a":[]}"#)
        #expect(
            JSONValue.array([value, .object([])]).document == """
                [
                  {
                    "b": true,
                    "a": []
                  },
                  {}
                ]
                """
        )
    }

    private func parsed(_ line: String) throws -> Any {
        try JSONSerialization.jsonObject(with: Data(line.utf8), options: .fragmentsAllowed)
    }
}
