/// Names one session: one open ``FileStore`` of one process. 128 random bits.
package struct SessionID: Hashable, Sendable, CustomStringConvertible {
    package let high: UInt64
    package let low: UInt64

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// No session.
    package static let none = SessionID(high: 0, low: 0)

    /// Draws a fresh identifier.
    init(from source: RandomSource) {
        self.init(high: source.next(), low: source.next())
    }

    /// Reads the form that ``description`` writes; `nil` for anything else.
    init?(_ text: some StringProtocol) {
        guard let value = OwnerID(text) else { return nil }
        self.init(high: value.high, low: value.low)
    }

    /// Thirty-two lower-case hexadecimal digits.
    package var description: String { OwnerID(high: high, low: low).description }
}
