import DistributedLocks
import DistributedLocksTesting
import Testing

@testable import RedisLocks

@Suite("What the key of a lock is set to")
struct LockValueTests {
    static let owner = OwnerID(high: 0x0123_4567_89AB_CDEF, low: 7)
    static let client = OwnerID(high: .max, low: 0)

    @Test("as it is written down")
    func text() {
        let holder = Holder(
            host: "web-3",
            processID: 8_123,
            label: "nightly",
            waitingSince: UnixTime(microseconds: 1_700)
        )
        let value = LockValue(owner: Self.owner, client: Self.client, holder: holder)
        #expect(
            value.text
                == "0123456789abcdef0000000000000007 dlock ffffffffffffffff0000000000000000 8123 1700 web-3 nightly"
        )
        let unknown = LockValue(owner: Self.owner, client: Self.client, holder: Holder())
        #expect(unknown.text.hasSuffix(" - - - -"))
    }

    @Test(
        "what is written is read again",
        arguments: [
            "nightly", "two words", " leading and trailing ", "", "👩‍👩‍👧 at work", "a\nb", "\u{301}x", "\u{200D}",
            "\u{1F3FB}",
            "x\u{600}", "- -", "--", "granted \(owner) 1",
        ]
    )
    func labels(_ label: String) throws {
        let holder = Holder(host: "web-3", processID: -1, label: label, waitingSince: UnixTime(microseconds: -1))
        let value = LockValue(owner: Self.owner, client: Self.client, holder: holder)
        let read = try #require(LockValue(value.text), "\(value.text.debugDescription)")
        #expect(read == value)
        #expect(read.holder.label.map { Array($0.utf8) } == Array(label.utf8))
    }

    @Test(
        "hosts, with what cannot be told apart",
        arguments: [("a b", "a_b"), ("ü", "ü"), ("\u{301}x", "\u{301}x"), ("👩‍👩‍👧", "👩‍👩‍👧")]
    )
    func hosts(_ host: String, _ read: String) throws {
        let value = LockValue(owner: Self.owner, client: Self.client, holder: Holder(host: host))
        #expect(LockValue(value.text)?.holder == Holder(host: read))
    }

    @Test("random holders", arguments: 0..<20 as Range<UInt64>)
    func random(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let scalars = Array(" -_aZ0{}\n\t\0\u{301}\u{200D}\u{600}ü👩🏻".unicodeScalars)
        for _ in 0..<200 {
            var label = ""
            for _ in 0..<Int.random(in: 0...8, using: &random) {
                label.unicodeScalars.append(scalars.randomElement(using: &random) ?? "a")
            }
            if label == "-" { continue }
            let holder = Holder(
                host: Bool.random(using: &random) ? "h" : nil,
                processID: Bool.random(using: &random) ? .random(in: .min ... .max, using: &random) : nil,
                label: Bool.random(using: &random) ? label : nil,
                waitingSince: Bool.random(using: &random)
                    ? UnixTime(microseconds: .random(in: .min ... .max, using: &random)) : nil
            )
            let owner = OwnerID(high: random.next(), low: random.next())
            let value = LockValue(owner: owner, client: Self.client, holder: holder)
            #expect(LockValue(value.text) == value, "\(value.text.debugDescription)")
        }
    }

    @Test(
        "what other programs write is not ours",
        arguments: [
            "", "1", "locked", "0123456789abcdef0000000000000007", "\(owner) dlock \(client) 1 2 h",
            "\(owner) lock \(client) 1 2 h l", "\(owner)  dlock \(client) 1 2 h l", "X\(owner) dlock \(client) 1 2 h l",
            "\(owner) dlock client 1 2 h l", "0123456789ABCDEF0000000000000007 dlock \(client) 1 2 h l",
            " \(owner) dlock \(client) 1 2 h l",
        ]
    )
    func foreign(_ text: String) {
        #expect(LockValue(text) == nil)
        #expect(LockValue.holder(kind: "string", text: text, since: 17) == Holder(label: "another program's lock"))
    }

    @Test("numbers that are none are not known")
    func oddNumbers() {
        #expect(LockValue("\(Self.owner) dlock \(Self.client) x y h l")?.holder == Holder(host: "h", label: "l"))
        #expect(LockValue("\(Self.owner) dlock \(Self.client) 99999999999 1e9 - -")?.holder == Holder())
    }

    @Test("keys of other types, and none")
    func types() {
        #expect(LockValue.holder(kind: "none", text: "", since: 17) == nil)
        #expect(LockValue.holder(kind: "hash", text: "", since: 17) == Holder(label: "a key of type hash"))
        let value = LockValue(owner: Self.owner, client: Self.client, holder: Holder(host: "h"))
        #expect(LockValue.holder(kind: "string", text: value.text, since: 0) == Holder(host: "h"))
    }

    @Test func `Since when it is held is shown if the token can be that time`() {
        let hour: Int64 = 3_600_000_000
        let asked = UnixTime(microseconds: 1_800_000_000_000_000)
        let holder = Holder(host: "h", waitingSince: asked)
        let text = LockValue(owner: Self.owner, client: Self.client, holder: holder).text
        func shown(_ since: Int64) -> Int64? {
            LockValue.holder(kind: "string", text: text, since: since)?.heldSince?.microseconds
        }
        for since in [asked.microseconds, asked.microseconds - hour, asked.microseconds + 30 * hour] {
            #expect(shown(since) == since)
        }
        // A token that was raised above one of a clock that was ahead, or no token at all.
        for since in [asked.microseconds - hour - 1, 17, 0, -1] { #expect(shown(since) == nil, "\(since)") }
        let unknown = LockValue(owner: Self.owner, client: Self.client, holder: Holder(host: "h")).text
        #expect(LockValue.holder(kind: "string", text: unknown, since: 17)?.heldSince?.microseconds == 17)
    }

    @Test func `What has been given back for later is still ours`() throws {
        let value = LockValue(owner: Self.owner, client: Self.client, holder: Holder(host: "h", label: "a b"))
        let text = value.text.replacing(" dlock ", with: " later ", maxReplacements: 1)
        let read = try #require(LockValue(text))
        #expect(read.isKept && read.owner == value.owner && read.client == value.client && read.holder == value.holder)
        #expect(!value.isKept && LockValue(value.text)?.isKept == false)
    }
}
