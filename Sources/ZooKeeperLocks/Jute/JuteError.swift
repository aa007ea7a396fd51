/// Why bytes from a server are not what they should be. Nothing that comes after them can be understood.
enum JuteError: Error, Hashable, Sendable {
    /// The record goes on after the end of its frame.
    case truncated
    /// A length below −1, or one that is larger than what is left of the frame.
    case badLength(Int32)
    /// A text that is not UTF-8.
    case notText
    /// A frame of this length, which is negative or more than is allowed.
    case badFrame(length: Int32, limit: Int)
    /// A record with this many bytes left over.
    case excess(Int)
    /// This many results of a transaction (or more) that has another number of steps.
    case badCount(Int, of: Int)
    /// A result of a transaction of a type that none of its steps has.
    case badResult(Int32)
}

extension JuteError: CustomStringConvertible {
    /// For example `a frame of 1195725856 bytes, where 4194304 are allowed`.
    var description: String {
        switch self {
        case .truncated: "a record that ends too early"
        case .badLength(let length): "a length of \(length) that cannot be"
        case .notText: "a text that is not UTF-8"
        case .badFrame(let length, let limit): "a frame of \(length) bytes, where \(limit) are allowed"
        case .excess(let count): "\(count) bytes more than a record has"
        case .badCount(let count, let steps): "\(count) results of \(steps) steps"
        case .badResult(let type): "a result of type \(type) that nobody asked for"
        }
    }
}
