/// Names one attempt to hold one lock: 128 random bits, fresh for every acquire.
///
/// A store compares it on renewal and release, so that nobody can release or renew what is not theirs, and a request
/// whose reply was lost can be repeated or undone without harm.
public struct OwnerID: Hashable, Sendable, CustomStringConvertible {
    /// The upper 64 bits.
    public let high: UInt64
    /// The lower 64 bits.
    public let low: UInt64

    /// Makes an identifier from its two halves.
    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Draws a fresh identifier.
    public init(from source: RandomSource) {
        self.init(high: source.next(), low: source.next())
    }

    /// Reads the form that ``description`` writes; `nil` for anything else.
    public init?(_ text: some StringProtocol) {
        var digits = text.utf8.makeIterator()
        guard let high = Self.number(from: &digits), let low = Self.number(from: &digits), digits.next() == nil else {
            return nil
        }
        self.init(high: high, low: low)
    }

    /// Thirty-two lower-case hexadecimal digits.
    public var description: String {
        String(unsafeUninitializedCapacity: 32) { text in
            for place in 0..<16 {
                let shift = UInt64(60 - 4 * place)
                text[place] = Self.digit(high >> shift & 0xF)
                text[16 + place] = Self.digit(low >> shift & 0xF)
            }
            return 32
        }
    }

    private static func digit(_ value: UInt64) -> UInt8 {
        UInt8(truncatingIfNeeded: value) + (value < 10 ? UInt8(ascii: "0") : UInt8(ascii: "a") - 10)
    }

    /// Reads sixteen digits.
    private static func number(from digits: inout some IteratorProtocol<UInt8>) -> UInt64? {
        var number: UInt64 = 0
        for _ in 0..<16 {
            switch digits.next() {
            case .some(let digit) where digit >= UInt8(ascii: "0") && digit <= UInt8(ascii: "9"):
                number = number << 4 | UInt64(digit - UInt8(ascii: "0"))
            case .some(let digit) where digit >= UInt8(ascii: "a") && digit <= UInt8(ascii: "f"):
                number = number << 4 | UInt64(digit - UInt8(ascii: "a") + 10)
            default: return nil
            }
        }
        return number
    }
}
