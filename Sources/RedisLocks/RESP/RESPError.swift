/// An error reply of a server.
struct RESPError: Error, Hashable, Sendable {
    /// The first word, which says what kind of error it is: `ERR`, `NOSCRIPT`, `WRONGTYPE`, …
    let code: String
    /// The rest of the line.
    let message: String
}
