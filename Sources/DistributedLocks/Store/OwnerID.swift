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
        let digits = text.utf8
        guard digits.count == 32, digits.allSatisfy(Self.isHexDigit),
            let high = UInt64(text.prefix(16), radix: 16), let low = UInt64(text.suffix(16), radix: 16)
        else { return nil }
        self.init(high: high, low: low)
    }

    /// Thirty-two lower-case hexadecimal digits.
    public var description: String { Self.hex(high) + Self.hex(low) }

    private static func hex(_ value: UInt64) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"): true
        default: false
        }
    }
}
