import DequeModule
import NIOCore

/// Which request the next reply belongs to. A server answers the requests of a connection in their order; in between come
/// messages that nobody asked for.
///
/// A value without I/O: what arrives goes in, what has to be done comes out.
struct ReplyQueue<Request> {
    /// What to do with something that has arrived.
    enum Arrival {
        /// It is the last reply to this request.
        case reply(Request, RESPValue)
        /// It is a message.
        case push([RESPValue])
        /// It is one of several replies to a request, or tells nothing.
        case nothing
        /// Nobody has asked for it: the connection cannot be used any more.
        case unexpected
    }

    private struct Owed {
        let request: Request
        var replies: Int
    }

    private var owed = Deque<Owed>()

    /// How many requests have not been answered.
    var count: Int { owed.count }

    /// The request that has waited longest.
    var first: Request? { owed.first?.request }

    /// Visits every request that has not been answered.
    func forEach(_ body: (Request) -> Void) {
        for entry in owed { body(entry.request) }
    }

    /// Notes a request that has been sent, and how many replies it will get.
    mutating func sent(_ request: Request, replies: Int) {
        owed.append(Owed(request: request, replies: replies))
    }

    /// Finds out what a value is that has arrived.
    mutating func received(_ value: RESPValue) -> Arrival {
        if case .push(let message) = value, !Self.confirmsSubscription(message) { return .push(message) }
        guard !owed.isEmpty else { return .unexpected }
        owed[0].replies -= 1
        guard owed[0].replies == 0 else { return .nothing }
        return .reply(owed.removeFirst().request, value)
    }

    /// The connection has ended.
    ///
    /// - Returns: The requests that will not be answered.
    mutating func end() -> [Request] {
        defer { owed = [] }
        return owed.map(\.request)
    }

    /// The answer to SUBSCRIBE comes in the form of a message, but in its turn: it is the reply.
    private static func confirmsSubscription(_ message: [RESPValue]) -> Bool {
        guard case .string(let kind)? = message.first else { return false }
        return kind.readableBytesView.elementsEqual("subscribe".utf8)
    }
}
