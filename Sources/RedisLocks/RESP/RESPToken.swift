/// A plain value, or the head of an aggregate, as it was found in a buffer. Text is given by its place in the buffer,
/// counted from the first byte of the token.
struct RESPToken {
    /// What a token says.
    enum Content {
        case null
        case integer(Int64)
        case double(Double)
        case boolean(Bool)
        /// A simple, bulk or verbatim string.
        case string(Range<Int>)
        case error(Range<Int>)
        case bigNumber(Range<Int>)
        /// An aggregate of `count` elements, which follow; a pair of a map counts as two.
        case head(RESPType, count: Int)
    }

    /// What it says.
    let content: Content
    /// How many bytes it takes, from its type byte to the end of its last line.
    let length: Int
}
