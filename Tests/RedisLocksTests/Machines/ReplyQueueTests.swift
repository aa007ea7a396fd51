import DistributedLocksTesting
import NIOCore
import Testing

@testable import RedisLocks

@Suite("Which request a reply belongs to")
struct ReplyQueueTests {
    private static let message = [RESPValue.text("message"), .text("dlock:1"), .text("granted")]

    @Test("replies come in the order of the requests")
    func order() {
        var queue = ReplyQueue<String>()
        queue.sent("a", replies: 1)
        queue.sent("b", replies: 1)
        #expect(queue.first == "a" && queue.count == 2)
        #expect(Seen(queue.received(.integer(1))) == .reply("a", .integer(1)))
        #expect(Seen(queue.received(.null)) == .reply("b", .null))
        #expect(queue.first == nil)
    }

    @Test("the last of several replies is the reply, also if an earlier one is an error")
    func several() {
        var queue = ReplyQueue<String>()
        queue.sent("a", replies: 2)
        queue.sent("b", replies: 1)
        #expect(Seen(queue.received(.error(RESPError(text: "ERR CLIENT CACHING")))) == .nothing)
        #expect(queue.count == 2)
        #expect(Seen(queue.received(.integer(1))) == .reply("a", .integer(1)))
        #expect(Seen(queue.received(.integer(2))) == .reply("b", .integer(2)))
    }

    @Test("a message is nobody's reply, the answer to SUBSCRIBE is one")
    func messages() {
        var queue = ReplyQueue<String>()
        #expect(Seen(queue.received(.push(Self.message))) == .push(Self.message))
        queue.sent("a", replies: 1)
        #expect(Seen(queue.received(.push(Self.message))) == .push(Self.message))
        #expect(Seen(queue.received(.push([]))) == .push([]))
        #expect(Seen(queue.received(.push([.text("invalidate"), .null]))) == .push([.text("invalidate"), .null]))
        let confirmation = RESPValue.push([.text("subscribe"), .text("c"), .integer(1)])
        #expect(Seen(queue.received(confirmation)) == .reply("a", confirmation))
    }

    @Test("what nobody has asked for is unexpected")
    func unexpected() {
        var queue = ReplyQueue<String>()
        #expect(Seen(queue.received(.text("OK"))) == .unexpected)
        #expect(Seen(queue.received(.push([.text("subscribe"), .text("c"), .integer(1)]))) == .unexpected)
        queue.sent("a", replies: 1)
        #expect(Seen(queue.received(.null)) == .reply("a", .null))
        #expect(Seen(queue.received(.null)) == .unexpected)
    }

    @Test("at the end nobody is forgotten, nor told twice")
    func end() {
        var queue = ReplyQueue<String>()
        queue.sent("a", replies: 2)
        queue.sent("b", replies: 1)
        _ = queue.received(.null)
        var visited: [String] = []
        queue.forEach { visited.append($0) }
        #expect(visited == ["a", "b"])
        #expect(queue.end() == ["a", "b"])
        #expect(queue.end() == [] && queue.count == 0)
    }

    @Test("any mixture of requests, replies and messages", arguments: 0..<50 as Range<UInt64>)
    func mixture(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var queue = ReplyQueue<Int>()
        var owed: [(request: Int, replies: Int)] = []
        for step in 0..<400 {
            switch Int.random(in: 0..<5, using: &random) {
            case 0, 1:
                let replies = Int.random(in: 1...3, using: &random)
                queue.sent(step, replies: replies)
                owed.append((step, replies))
            case 2: #expect(Seen(queue.received(.push(Self.message))) == .push(Self.message))
            default:
                let seen = Seen(queue.received(.integer(Int64(step))))
                guard !owed.isEmpty else {
                    #expect(seen == .unexpected)
                    continue
                }
                owed[0].replies -= 1
                if owed[0].replies > 0 {
                    #expect(seen == .nothing)
                } else {
                    #expect(seen == .reply(owed.removeFirst().request, .integer(Int64(step))))
                }
            }
            #expect(queue.count == owed.count && queue.first == owed.first?.request)
        }
        #expect(queue.end() == owed.map(\.request))
    }
}

/// An arrival that can be compared.
private enum Seen<Request: Equatable>: Equatable {
    case reply(Request, RESPValue)
    case push([RESPValue])
    case nothing
    case unexpected

    init(_ arrival: ReplyQueue<Request>.Arrival) {
        self =
            switch arrival {
            case .reply(let request, let value): .reply(request, value)
            case .push(let message): .push(message)
            case .nothing: .nothing
            case .unexpected: .unexpected
            }
    }
}
