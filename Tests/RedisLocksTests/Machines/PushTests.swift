import DistributedLocks
import NIOCore
import Testing

@testable import RedisLocks

@Suite("What a server says unasked")
struct PushTests {
    private static let owner = OwnerID(high: 0xAB, low: 0xCD)

    private static func message(_ text: String) -> [RESPValue] {
        [.text("message"), .text("dlock:1"), .text(text)]
    }

    @Test("grants and revocations")
    func news() {
        #expect(Push(Self.message("granted \(Self.owner) 17")) == .granted(Self.owner, FencingToken(rawValue: 17)))
        #expect(
            Push(Self.message("granted \(Self.owner) \(UInt64.max)"))
                == .granted(Self.owner, FencingToken(rawValue: .max))
        )
        #expect(Push(Self.message("revoked \(Self.owner)")) == .revoked(Self.owner))
        #expect(Push(Self.message("first \(Self.owner)")) == .first(Self.owner))
    }

    @Test("changed keys, one by one or all of them")
    func invalidations() {
        let keys = ["a", "ü", "u\u{308}"]
        #expect(Push([.text("invalidate"), .array(keys.map(RESPValue.text))]) == .changed(keys.map { KeyBytes($0) }))
        let odd = RESPValue.string(ByteBuffer(bytes: [0xFF, 0xC3]))
        #expect(Push([.text("invalidate"), .array([odd])]) == .changed([KeyBytes(bytes: [0xFF, 0xC3])]))
        #expect(Push([.text("invalidate"), .array([])]) == .changed([]))
        #expect(Push([.text("invalidate"), .null]) == .emptied)
        #expect(KeyBytes("ü") != KeyBytes("u\u{308}"))
    }

    @Test("anything else is ignored")
    func garbage() {
        let texts = [
            "", "hello", "granted", "granted \(Self.owner)", "granted \(Self.owner) x", "granted \(Self.owner) -1",
            "granted \(Self.owner) 1 2", "granted 1 2", "revoked", "revoked x", "Granted \(Self.owner) 1",
            "granted \("\(Self.owner)".uppercased()) 1", "granted \(Self.owner) 18446744073709551616",
        ]
        for text in texts { #expect(Push(Self.message(text)) == nil, "\(text)") }
        let messages: [[RESPValue]] = [
            [], [.null], [.text("message")], [.text("message"), .text("c")], [.text("message"), .text("c"), .null],
            [.text("pmessage"), .text("c"), .text("revoked \(Self.owner)")], [.text("invalidate")],
            [.text("subscribe"), .text("c"), .integer(1)],
            [.text("message"), .text("c"), .text("revoked \(Self.owner)"), .null],
        ]
        for message in messages { #expect(Push(message) == nil, "\(message)") }
    }
}
