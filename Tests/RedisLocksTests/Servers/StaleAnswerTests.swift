import DistributedLocks
import NIOCore
import TestSupport
import Testing

@testable import RedisLocks

@Suite("Answers about waiters that come late")
struct StaleAnswerTests {
    @Test("say nothing of somebody who has asked once more since the question", arguments: [0, 1, 2])
    func askedOnceMore(kind: Int) throws {
        let owner = OwnerID(high: 0, low: 1)
        let answer = try Self.answer([Self.text("17"), .integer(-1), .integer(3)][kind])
        var line = WaitLine(keys: try LockKeys(LockName("a"), prefix: ""), random: .system)
        // It asked at 2 s, of which a question that was sent at 1 s knows nothing: a grant may be over by then.
        try line.admit(Self.place(owner), Self.obstacle(), at: Self.at(2))
        #expect(line.beatAnswered(answer, owners: [owner], sent: Self.at(1), at: Self.at(3)).isEmpty)
        #expect(line.places[owner]?.confirmed == Self.at(2))
        #expect(line.places[owner]?.ahead == 5)
        // The same answer to a later question counts.
        _ = line.beatAnswered(answer, owners: [owner], sent: Self.at(4), at: Self.at(5))
        #expect(line.places[owner]?.ahead == [nil, 5, 3][kind])
    }

    private static func place(_ owner: OwnerID) throws -> WaitLine.Place {
        WaitLine.Place(
            claim: LockClaim(name: try LockName("a"), mode: .exclusive, owner: owner),
            ttl: .seconds(1),
            value: "value",
            slot: WaitSlot(),
            confirmed: at(2),
            asked: "1",
            ahead: 5,
            contention: Contention()
        )
    }

    private static func obstacle() throws -> AcquireAnswer.Obstacle {
        let state = [
            text("queued"), .integer(5), text("string"), text("x"), .integer(900), .integer(900), text("1"), text("0"),
        ]
        guard case .queued(let obstacle)? = AcquireAnswer(.array(state)) else { throw TimedOut(what: "an answer") }
        return obstacle
    }

    private static func answer(_ place: RESPValue) throws -> BeatAnswer {
        try #require(BeatAnswer(.array([text("string"), .integer(1), .integer(900), .integer(900), place])))
    }

    private static func text(_ text: String) -> RESPValue { .string(ByteBuffer(string: text)) }

    private static func at(_ seconds: Int) -> LeaseClock.Instant { LeaseClock.Instant(offset: .seconds(seconds)) }
}
