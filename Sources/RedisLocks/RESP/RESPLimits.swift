/// How much a server may make a client keep for one value.
///
/// A server is trusted with locks, not with the memory of its clients: a reply from something that is no Redis server, or
/// a damaged one, ends the connection and not the process.
struct RESPLimits: Hashable, Sendable {
    /// How deep aggregates may be nested; 1 allows an array of plain values.
    let depth: Int
    /// How many bytes one outermost value may take on the wire, with everything in it.
    let bytes: Int
    /// How many elements the aggregates of one outermost value may have together; a pair of a map counts as two.
    let elements: Int
    /// How many bytes a line may have, from its type byte to the one before its end.
    let line: Int

    /// Sets the limits. A value can never be larger than 1 GiB, which is what fits into one buffer with room to spare.
    init(depth: Int = 16, bytes: Int = 64 << 20, elements: Int = 1_000_000, line: Int = 64 << 10) {
        self.depth = depth
        self.bytes = min(bytes, 1 << 30)
        self.elements = elements
        self.line = line
    }
}
