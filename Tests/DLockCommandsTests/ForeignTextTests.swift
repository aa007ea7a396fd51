import Testing

@testable import DLockCommands

@Suite struct ForeignTextTests {
    @Test(arguments: ["", "plain", "ümlaut 🎉", "\u{10FFFF}", "a\u{10FFFF}\u{1FF}b", "e\u{301}"])
    func `Text without a mark is itself, and comes back in any case`(_ text: String) {
        let encoded = ForeignText.encode(Array(text.utf8))
        #expect(ForeignText.decode(encoded) == Array(text.utf8))
        if !text.unicodeScalars.contains("\u{10FFFF}") { #expect(encoded == text) }
    }

    @Test func `Any bytes come back, and different ones have different texts`() {
        var generator = SystemRandomNumberGenerator()
        var texts: [String: [UInt8]] = [:]
        for _ in 0..<5_000 {
            let bytes = (0..<Int.random(in: 0...6, using: &generator)).map { _ -> UInt8 in
                // Often the parts of longer characters, and those of the mark.
                Bool.random(using: &generator)
                    ? [0xF4, 0x8F, 0xBF, 0xC3, 0xA9, 0xFF, 0x61].randomElement(using: &generator) ?? 0
                    : UInt8.random(in: 0...255, using: &generator)
            }
            let text = ForeignText.encode(bytes)
            #expect(ForeignText.decode(text) == bytes)
            let known = texts.updateValue(bytes, forKey: text)
            #expect(known == nil || known == bytes)
        }
    }
}
