import DistributedLocks
import DistributedLocksTesting
import Testing

@testable import RedisLocks

@Suite("The waiters of one lock")
struct WaitLineTests {
    static func line(earliness: UInt64 = 0) throws -> WaitLine {
        WaitLine(keys: try LockKeys(LockName("a"), prefix: ""), random: RandomSource(Fixed(value: earliness)))
    }

    static func place(
        _ number: UInt64,
        ttl: Duration = .milliseconds(900),
        ahead: Int = 0,
        confirmed: LeaseClock.Instant = .at(0)
    ) throws -> WaitLine.Place {
        WaitLine.Place(
            claim: LockClaim(name: try LockName("a"), mode: .exclusive, owner: OwnerID(high: 0, low: number)),
            ttl: ttl,
            value: "value",
            slot: WaitSlot(),
            confirmed: confirmed,
            asked: "1",
            ahead: ahead,
            contention: Contention()
        )
    }

    static func obstacle(
        remaining: Duration? = .seconds(30),
        shortest: Duration = .milliseconds(900),
        value: String = AnswerTests.value.text
    ) throws -> AcquireAnswer.Obstacle {
        var fields = AnswerTests.obstacle("queued", value: value)
        fields[4] = .integer(remaining?.milliseconds ?? -1)
        fields[5] = .integer(shortest.milliseconds)
        guard case .queued(let obstacle)? = AcquireAnswer(.array(fields)) else { throw Odd() }
        return obstacle
    }

    struct Odd: Error {}

    static func answer(
        _ places: [RESPValue],
        kind: String = "string",
        ours: Bool = true,
        remaining: Int64 = 30_000,
        shortest: Int64 = 900
    ) throws -> BeatAnswer {
        let head: [RESPValue] = [.text(kind), .integer(ours ? 1 : 0), .integer(remaining), .integer(shortest)]
        return try #require(BeatAnswer(.array(head + places)))
    }

    @Test("nobody waits, nobody has to be told")
    func empty() throws {
        let line = try Self.line()
        #expect(line.isEmpty && line.nextBeat == nil && !line.hasHead && !line.wantsInvalidation)
    }

    @Test("a place is confirmed every third of the shortest lease")
    func interval() throws {
        var line = try Self.line()
        line.admit(try Self.place(1, ahead: 1), try Self.obstacle(), at: .at(1_000))
        #expect(line.nextBeat == .at(1_300))
        line.admit(try Self.place(2, ttl: .milliseconds(600), ahead: 2), try Self.obstacle(), at: .at(1_100))
        #expect(line.nextBeat == .at(1_200))
        _ = line.beatAnswered(
            try Self.answer([.integer(1)], shortest: 450),
            owners: [OwnerID(high: 0, low: 1)],
            sent: .at(1_190),
            at: .at(1_195)
        )
        #expect(line.nextBeat == .at(1_340))
    }

    @Test("clients spread out, and never come later than that")
    func earliness() throws {
        var early = try Self.line(earliness: .max)
        early.admit(try Self.place(1, ahead: 1), try Self.obstacle(), at: .at(0))
        let next = try #require(early.nextBeat)
        #expect(next >= .at(270) && next < .at(271))
    }

    @Test("even the shortest leases are not confirmed all the time")
    func shortLeases() throws {
        var line = try Self.line()
        line.admit(
            try Self.place(1, ttl: .milliseconds(100), ahead: 1),
            try Self.obstacle(shortest: .milliseconds(100)),
            at: .at(0)
        )
        #expect(line.nextBeat == .at(100))
    }

    @Test("the first in the queue looks when the holder's lease has run out, others do not")
    func expiry() throws {
        var line = try Self.line()
        line.admit(try Self.place(1, ahead: 1), try Self.obstacle(remaining: .milliseconds(50)), at: .at(0))
        #expect(line.nextBeat == .at(300))
        let owner = OwnerID(high: 0, low: 1)
        _ = line.beatAnswered(
            try Self.answer([.integer(0)], remaining: 50),
            owners: [owner],
            sent: .at(100),
            at: .at(110)
        )
        #expect(line.hasHead && line.nextBeat == .at(161))
        // It has run out, but is still there: not at once again.
        _ = line.beatAnswered(
            try Self.answer([.integer(0)], remaining: 0),
            owners: [owner],
            sent: .at(161),
            at: .at(161)
        )
        #expect(line.nextBeat == .at(162))
        _ = line.beatAnswered(
            try Self.answer([.integer(0)], remaining: -1),
            owners: [owner],
            sent: .at(170),
            at: .at(171)
        )
        #expect(line.nextBeat == .at(470))
    }

    @Test("a holder that will not hand over is watched by the first in the queue")
    func foreign() throws {
        var line = try Self.line()
        line.admit(try Self.place(1, ahead: 1), try Self.obstacle(value: "theirs"), at: .at(0))
        #expect(line.isForeign && !line.wantsInvalidation)
        let owner = OwnerID(high: 0, low: 1)
        _ = line.beatAnswered(try Self.answer([.integer(0)], ours: false), owners: [owner], sent: .at(1), at: .at(2))
        #expect(line.wantsInvalidation)
        _ = line.beatAnswered(try Self.answer([.integer(0)]), owners: [owner], sent: .at(3), at: .at(4))
        #expect(!line.wantsInvalidation)
    }

    @Test("what a beat says")
    func effects() throws {
        var line = try Self.line()
        for number in 1...4 as ClosedRange<UInt64> {
            line.admit(try Self.place(number, ahead: Int(number)), try Self.obstacle(), at: .at(0))
        }
        let owners = (1...5 as ClosedRange<UInt64>).map { OwnerID(high: 0, low: $0) }
        let replies: [RESPValue] = [.text("77"), .integer(0), .integer(-1), .integer(3), .text("78")]
        let effects = line.beatAnswered(try Self.answer(replies), owners: owners, sent: .at(10), at: .at(12))
        #expect(effects.map(Seen.init) == [.granted(owners[0], 77), .askAgain(owners[2])])
        #expect(line.places[owners[0]] == nil && line.places.count == 3 && line.hasHead)
        #expect(line.places[owners[1]]?.confirmed == .at(10) && line.places[owners[1]]?.contention.ahead == 0)
        #expect(line.places[owners[2]]?.confirmed == .at(0), "a place that is not confirmed stays as it was")
        guard case .granted(let place, _)? = effects.first else {
            Issue.record("\(effects)")
            return
        }
        #expect(place.confirmed == .at(0), "the grant may have been made before the beat was sent")
    }

    @Test("after a failure it is tried again soon, and no expiry is waited for")
    func failure() throws {
        var line = try Self.line()
        line.admit(try Self.place(1), try Self.obstacle(remaining: .milliseconds(10)), at: .at(0))
        line.beatFailed(at: .at(1_000))
        #expect(line.nextBeat == .at(1_150))
    }

    @Test("who has left is not confirmed")
    func remove() throws {
        var line = try Self.line()
        line.admit(try Self.place(1), try Self.obstacle(), at: .at(0))
        #expect(line.hasHead)
        #expect(line.remove(OwnerID(high: 0, low: 1))?.claim.owner == OwnerID(high: 0, low: 1))
        #expect(line.remove(OwnerID(high: 0, low: 1)) == nil)
        #expect(line.isEmpty && !line.hasHead && line.nextBeat == nil)
    }

    @Test("who asked first is named first, wherever it is kept")
    func order() throws {
        var line = try Self.line()
        for (number, asked) in [(1, "1000"), (2, "999"), (3, "1001"), (4, "0"), (5, "1000000")] as [(UInt64, String)] {
            var place = try Self.place(number)
            place.asked = asked
            line.admit(place, try Self.obstacle(), at: .at(0))
        }
        #expect(line.owners.map(\.low) == [4, 2, 1, 3, 5])
    }

    @Test("any sequence of events", arguments: 0..<100 as Range<UInt64>)
    func anySequence(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var line = WaitLine(
            keys: try LockKeys(LockName("a"), prefix: ""),
            random: RandomSource(SeededGenerator(seed: ~seed))
        )
        var waiting: [OwnerID: LeaseClock.Instant] = [:]
        var now = LeaseClock.Instant.at(0)
        var shortest = Duration.seconds(9)
        for _ in 0..<200 {
            now = now.advanced(by: .milliseconds(Int.random(in: 0...200, using: &random)))
            let owner = OwnerID(high: 0, low: .random(in: 1...6, using: &random))
            switch Int.random(in: 0..<6, using: &random) {
            case 0, 1:
                let ttl = Duration.milliseconds(Int.random(in: 100...9_000, using: &random))
                let ahead = Int.random(in: 0...3, using: &random)
                line.admit(
                    try Self.place(owner.low, ttl: ttl, ahead: ahead, confirmed: now),
                    try Self.obstacle(shortest: ttl),
                    at: now
                )
                waiting[owner] = now
                shortest = min(shortest, ttl)
            case 2:
                #expect((line.remove(owner) != nil) == (waiting.removeValue(forKey: owner) != nil))
            case 3: line.beatFailed(at: now)
            default:
                let owners = Array(waiting.keys).shuffled(using: &random)
                let replies = owners.map { _ in
                    [.integer(0), .integer(2), .integer(-1), .text("9")].randomElement(using: &random) ?? RESPValue.null
                }
                let effects = line.beatAnswered(
                    try Self.answer(replies, shortest: 0),
                    owners: owners,
                    sent: now,
                    at: now
                )
                for (owner, reply) in zip(owners, replies) {
                    if case .string = reply { waiting[owner] = nil }
                    if case .integer(0...) = reply { waiting[owner] = now }
                }
                #expect(effects.count == replies.filter { $0 == .integer(-1) || $0 == .text("9") }.count)
            }
            #expect(line.places.mapValues(\.confirmed) == waiting)
            #expect(line.isEmpty == waiting.isEmpty && (line.nextBeat == nil) == waiting.isEmpty)
            if let next = line.nextBeat { #expect(next <= now.advanced(by: max(.milliseconds(100), shortest / 3))) }
            if line.isEmpty { #expect(!line.hasHead && !line.wantsInvalidation) }
        }
    }
}

/// An effect that can be compared.
private enum Seen: Equatable {
    case granted(OwnerID, UInt64)
    case askAgain(OwnerID)

    init(_ effect: WaitLine.Effect) {
        self =
            switch effect {
            case .granted(let place, let token): .granted(place.claim.owner, token.rawValue)
            case .askAgain(let place): .askAgain(place.claim.owner)
            }
    }
}

/// Always the same number.
private struct Fixed: RandomNumberGenerator, Sendable {
    let value: UInt64
    func next() -> UInt64 { value }
}

extension LeaseClock.Instant {
    /// So many milliseconds after the origin.
    fileprivate static func at(_ milliseconds: Int) -> Self { Self(offset: .milliseconds(milliseconds)) }
}
