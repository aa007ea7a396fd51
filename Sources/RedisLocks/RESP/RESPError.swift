/// An error reply of a server.
struct RESPError: Error, Hashable, Sendable {
    /// The first word, which says what kind of error it is: `ERR`, `NOSCRIPT`, `WRONGTYPE`, …
    let code: String
    /// The rest of the line.
    let message: String
}

extension RESPError {
    /// Takes an error apart as a server sends it: `ERR unknown command`.
    init(text: String) {
        let code = text.prefix { $0 != " " }
        self.init(code: String(code), message: String(text.dropFirst(code.count + 1)))
    }
}

extension RESPError: CustomStringConvertible {
    /// The line that the server has sent.
    var description: String { message.isEmpty ? code : "\(code) \(message)" }
}
