/// Words of the command line that do not go through the parser of arguments.
struct GivenWords: Decodable, Sendable {
    /// The words; `nil` if the parser of arguments has seen all there are.
    var words: [ByteString]?

    /// None.
    init() {}

    /// None: the parser of arguments has nothing for them.
    init(from _: any Decoder) {}
}
