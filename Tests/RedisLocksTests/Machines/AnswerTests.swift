import DistributedLocks
import DistributedLocksTesting
import NIOCore
import Testing

@testable import RedisLocks

@Suite("What the scripts answer")
struct AnswerTests {
    static let owner = OwnerID(high: 1, low: 2)
    static let value = LockValue(owner: owner, client: OwnerID(high: 3, low: 4), holder: Holder(host: "h", label: "l"))

    /// The answer of `acquire` to somebody who has to wait.
    static func obstacle(
        _ state: String,
        kind: String = "string",
        value: String = value.text,
        since: String = "0"
    ) -> [RESPValue] {
        [
            .text(state), .integer(2), .text(kind), .text(value), .integer(1_500), .integer(400), .text("1700"),
            .text(since),
        ]
    }

    @Test("a grant is the token, as text or as a number")
    func granted() throws {
        for reply in [RESPValue.text("1700000000000001"), .integer(1_700_000_000_000_001)] {
            guard case .granted(let token) = try #require(AcquireAnswer(reply)) else {
                Issue.record("\(reply)")
                return
            }
            #expect(token.rawValue == 1_700_000_000_000_001)
        }
    }

    @Test("who has to wait is told for whom")
    func queued() throws {
        guard case .queued(let obstacle) = try #require(AcquireAnswer(.array(Self.obstacle("queued")))) else {
            Issue.record("not queued")
            return
        }
        #expect(obstacle.ahead == 2 && obstacle.kind == "string" && obstacle.asked == "1700" && !obstacle.isForeign)
        #expect(obstacle.remaining == .milliseconds(1_500) && obstacle.shortestTTL == .milliseconds(400))
        #expect(obstacle.contention == Contention(holders: [Holder(host: "h", label: "l")], ahead: 2))
    }

    @Test func `A holder that has left the end to the server will not hand over`() throws {
        let text = Self.value.text.replacing(" dlock ", with: " later ", maxReplacements: 1)
        guard case .queued(let obstacle)? = AcquireAnswer(.array(Self.obstacle("queued", value: text))) else {
            Issue.record("not queued")
            return
        }
        #expect(obstacle.isForeign && obstacle.contention.holders == [Holder(host: "h", label: "l")])
    }

    @Test("other states")
    func states() throws {
        guard case .busy(let obstacle)? = AcquireAnswer(.array(Self.obstacle("busy", value: "1"))) else {
            Issue.record("not busy")
            return
        }
        #expect(obstacle.isForeign && obstacle.contention.holders == [Holder(label: "another program's lock")])
        guard case .withdrawn? = AcquireAnswer(.array(Self.obstacle("withdrawn"))) else {
            Issue.record("?")
            return
        }
        guard case .queued(let free)? = AcquireAnswer(.array(Self.obstacle("queued", kind: "none", value: ""))) else {
            Issue.record("not queued")
            return
        }
        #expect(!free.isForeign && free.contention.holders.isEmpty)
        var lasting = Self.obstacle("queued", kind: "hash", value: "")
        lasting[4] = .integer(-1)
        guard case .queued(let hash)? = AcquireAnswer(.array(lasting)) else {
            Issue.record("not queued")
            return
        }
        #expect(
            hash.isForeign && hash.remaining == nil && hash.contention.holders == [Holder(label: "a key of type hash")]
        )
    }

    @Test("what makes no sense is no answer")
    func garbage() {
        let garbage: [RESPValue] = [
            .null, .integer(0), .integer(-1), .text(""), .text("OK"), .text("99999999999999999999"), .array([]),
            .boolean(true),
            .double(1), .array([.null]), .array(Self.obstacle("other")), .array(Self.obstacle("queued") + [.null]),
            .map(Self.obstacle("queued")), .array(Array(Self.obstacle("queued").dropLast())),
        ]
        for reply in garbage { #expect(AcquireAnswer(reply) == nil, "\(reply)") }
        for index in 0..<8 {
            var fields = Self.obstacle("queued")
            fields[index] = .null
            #expect(AcquireAnswer(.array(fields)) == nil, "without field \(index)")
        }
    }

    @Test("release")
    func release() {
        #expect(ReleaseAnswer(.integer(1)) == .held)
        #expect(ReleaseAnswer(.array([.text("held"), .integer(0), .text("none"), .text(""), .text("0")])) == .held)
        #expect(
            ReleaseAnswer(.array([.text("nothing"), .integer(0), .text("none"), .text(""), .text("0")])) == .nothing
        )
        let held: [RESPValue] = [.text("queued"), .integer(3), .text("string"), .text(Self.value.text), .text("1700")]
        let holder = Holder(host: "h", label: "l", heldSince: UnixTime(microseconds: 1_700))
        #expect(ReleaseAnswer(.array(held)) == .queued(Contention(holders: [holder], ahead: 3)))
        for reply in [
            RESPValue.null, .text("held"), .array([]),
            .array([.text("x"), .integer(0), .text("none"), .text(""), .text("0")]),
            .array([.text("held"), .null, .text("none"), .text(""), .text("0")]), .array([.text("held")]),
        ] { #expect(ReleaseAnswer(reply) == nil, "\(reply)") }
    }

    @Test func `A forced release: whom it cut off, or whom it left alone`() {
        let holder = Holder(host: "h", label: "l", heldSince: UnixTime(microseconds: 5))
        let fields: [RESPValue] = [.integer(1), .text("string"), .text(Self.value.text), .text("5")]
        #expect(ForceAnswer(.array(fields)) == .taken(from: holder))
        #expect(ForceAnswer(.array([.integer(0)] + fields.dropFirst())) == .spared(holder))
        #expect(ForceAnswer(.array([.integer(1), .text("none"), .text(""), .text("0")])) == .taken(from: nil))
        // Nobody can be left alone where nobody is.
        #expect(ForceAnswer(.array([.integer(0), .text("none"), .text(""), .text("0")])) == nil)
        for index in fields.indices {
            var odd = fields
            odd[index] = .null
            #expect(ForceAnswer(.array(odd)) == nil)
        }
    }

    @Test("beat")
    func beat() throws {
        let head: [RESPValue] = [.text("string"), .integer(1), .integer(250), .integer(400)]
        let answer = try #require(
            BeatAnswer(.array(head + [.integer(0), .integer(7), .integer(-1), .text("5"), .null]))
        )
        #expect(
            answer.places == [
                .queued(ahead: 0), .queued(ahead: 7), .unknown, .granted(FencingToken(rawValue: 5)), .unknown,
            ]
        )
        #expect(answer.remaining == .milliseconds(250) && answer.shortestTTL == .milliseconds(400) && !answer.isForeign)
        let foreign = try #require(BeatAnswer(.array([.text("string"), .integer(0), .integer(-1), .integer(0)])))
        #expect(foreign.isForeign && foreign.remaining == nil && foreign.places.isEmpty)
        let free = try #require(BeatAnswer(.array([.text("none"), .integer(0), .integer(-2), .integer(0)])))
        #expect(!free.isForeign && free.remaining == nil)
        for index in 0..<4 {
            var fields = head
            fields[index] = .null
            #expect(BeatAnswer(.array(fields)) == nil)
        }
        for reply in [RESPValue.null, .array([]), .text("none"), .map(head)] { #expect(BeatAnswer(reply) == nil) }
    }

    @Test("status")
    func status() throws {
        let head: [RESPValue] = [
            .text("string"), .text(Self.value.text), .integer(900), .text("17"), .text("16"), .integer(3),
        ]
        let waiters: [RESPValue] = [.text("400 \(Self.value.text)"), .text(""), .null, .text("400 x"), .text("400")]
        let answer = try #require(StatusAnswer(.array(head + waiters)))
        #expect(answer.waiterCount == 3 && answer.waiters.count == 1)
        #expect(answer.waiters.first?.owner == Self.owner && answer.waiters.first?.holder.label == "l")
        let holder = try #require(answer.holder)
        #expect(holder.owner == Self.owner && holder.token?.rawValue == 17 && holder.remaining == .milliseconds(900))
        #expect(holder.holder.heldSince == UnixTime(microseconds: 16))
        let foreign: [RESPValue] = [.text("string"), .text("1"), .integer(-1), .text("17"), .text("16"), .integer(0)]
        let other = try #require(StatusAnswer(.array(foreign))?.holder)
        #expect(other.owner == nil && other.token == nil && other.remaining == nil)
        #expect(other.holder.heldSince == nil)
        let free: [RESPValue] = [.text("none"), .text(""), .integer(-2), .text("0"), .text("0"), .integer(0)]
        #expect(StatusAnswer(.array(free))?.holder == nil)
        for index in 0..<6 {
            var fields = head
            fields[index] = .null
            #expect(StatusAnswer(.array(fields)) == nil)
        }
    }

    @Test("nothing that a server could send is too much for any of them", arguments: 0..<10 as Range<UInt64>)
    func anything(_ chunk: UInt64) {
        for seed in chunk * 200..<(chunk + 1) * 200 {
            var encoder = RESPEncoder(seed: seed)
            let value = encoder.value()
            _ = (
                AcquireAnswer(value), ReleaseAnswer(value), BeatAnswer(value), StatusAnswer(value), ForceAnswer(value),
                ServerProfile(hello: value)
            )
            if case .array(let elements) = value { _ = Push(elements) }
        }
    }
}
