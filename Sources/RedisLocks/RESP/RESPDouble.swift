/// Reads fractional numbers.
enum RESPDouble {
    /// The number that `text` spells: digits with a sign, a point and an exponent where they are wanted, or `inf`, `-inf`,
    /// `nan`. `nil` for anything else, also for what other languages take for a number.
    static func parse(_ text: Span<UInt8>) -> Double? {
        let word = text.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
        switch word {
        case "inf": return .infinity
        case "-inf": return -.infinity
        case "nan", "-nan": return .nan
        default: return word.utf8.allSatisfy(isPart) ? Double(word) : nil
        }
    }

    private static func isPart(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."),
            UInt8(ascii: "e"), UInt8(ascii: "E"):
            true
        default: false
        }
    }
}
