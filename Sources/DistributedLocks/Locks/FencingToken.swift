/// A number that grows with every acquisition of a name.
///
/// Send it along with each write to the protected resource, and let the resource refuse any token that is lower than
/// the highest it has seen. Then a holder that was paused past its lease cannot do harm, whatever clocks do.
public struct FencingToken: RawRepresentable, Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The number. Stores keep it below 2^53 where they can, so that it survives JSON and Lua.
    public let rawValue: UInt64

    /// Makes a token from its number.
    public init(rawValue: UInt64) {
        self.rawValue = rawValue
    }

    /// Whether `lhs` was handed out before `rhs`, for the same name in the same store.
    public static func < (lhs: FencingToken, rhs: FencingToken) -> Bool {
        lhs.rawValue < rhs.rawValue
    }

    /// The number in decimal.
    public var description: String { String(rawValue) }
}
