import DistributedLocks
import DistributedLocksTesting
import Testing

@testable import ZooKeeperLocks

@Suite struct NodeTextTests {
    private static let owner = OwnerID(high: 0x3334_5f98_9423_4e0c, low: 0xa7b5_9f81_9e3e_c2e1)
    private static let since = UnixTime(microseconds: 1_769_860_800_123_456)
    private static let stat = Stat(ctime: 1_769_860_800_999)
    private static let made = UnixTime(microseconds: 1_769_860_800_999_000)

    private static func read(_ text: String, _ stat: Stat = Self.stat) -> NodeText { NodeText(Array(text.utf8), stat) }

    // MARK: Our own

    @Test func `What is written`() {
        let holder = Holder(host: "web-3", processID: 8_123, label: "nightly", waitingSince: Self.since)
        let text = String(decoding: NodeText.bytes(Self.owner, holder), as: UTF8.self)
        #expect(
            text
                == "dlock host=web-3 pid=8123 label=nightly since=2026-01-31T12:00:00.123Z time=1769860800123456 owner=33345f9894234e0ca7b59f819e3ec2e1"
        )
        #expect(Self.read(text) == NodeText(NodeText.bytes(Self.owner, holder), Stat()))
    }

    @Test func `What is written can be read again`() {
        let texts: [String?] = [
            nil, "a", "a b", "é🙂", "owner=1 revoked", " revoked ", "%41", "\n\t=", "a/b:c@d,e+f=g", "\u{301}",
        ]
        for (index, text) in texts.enumerated() {
            for since in [nil, Self.since, UnixTime(microseconds: -1)] {
                let holder = Holder(
                    host: texts[(index + 3) % texts.count],
                    processID: text.map { _ in .max },
                    label: text,
                    waitingSince: since
                )
                let read = NodeText(NodeText.bytes(Self.owner, holder), Self.stat)
                #expect(read.owner == Self.owner && !read.isRevoked)
                var expected = holder
                expected.waitingSince = since ?? Self.made
                #expect(read.holder == expected)
            }
        }
    }

    @Test func `A text is ASCII, and has no spaces in its fields`() {
        let holder = Holder(host: "é\u{1B}[31m", processID: 1, label: "a \u{7F}\0b", waitingSince: nil)
        let bytes = NodeText.bytes(Self.owner, holder)
        #expect(bytes.allSatisfy { (0x20...0x7E).contains($0) })
        #expect(bytes.filter { $0 == 0x20 }.count == 4)
    }

    @Test func `Fields in any order, unknown ones, and some that are wrong`() {
        let read = Self.read("dlock x=1 = owner=33345f9894234e0ca7b59f819e3ec2e1 y pid=7 host=a=b")
        #expect(read.owner == Self.owner && read.holder == Holder(host: "a=b", processID: 7, waitingSince: Self.made))
        let wrong = Self.read("dlock owner=12 pid=99999999999 host=%zz label=%ff time=soon")
        #expect(wrong.owner == nil && wrong.holder == Holder(waitingSince: Self.made))
        #expect(Self.read("dlock pid=1 pid=2").holder.processID == 2)
    }

    // MARK: Revoked

    @Test func `A revoked text says so, and still who it was`() {
        let holder = Holder(host: "web-3", processID: 8_123, label: "revoked", waitingSince: Self.since)
        let bytes = NodeText.bytes(Self.owner, holder)
        #expect(!NodeText(bytes, Self.stat).isRevoked)
        var revoked = NodeText.revoked(bytes)
        for _ in 0..<3 {
            let read = NodeText(revoked, Self.stat)
            #expect(read.isRevoked && read.owner == Self.owner && read.holder == holder)
            revoked = NodeText.revoked(revoked)
        }
    }

    @Test(arguments: [
        "", "dlock", "dlockx", "10.0.0.1", "a b revoked", "\u{301}", "dlock \u{301}", "\0", "é", "DLOCK a",
    ])
    func `So does the text of another program, whatever it was`(_ text: String) {
        #expect(NodeText(NodeText.revoked(Array(text.utf8)), Self.stat).isRevoked)
    }

    @Test(arguments: [
        "revoked", "dlock", "dlock host=revoked", "dlock pid=1 revoked", "dlockrevoked", "dlock\trevoked",
        "dlock Revoked", "__REVOKE__",
    ])
    func `Others do not`(_ text: String) {
        #expect(!Self.read(text).isRevoked)
    }

    @Test func `It is not much longer than it was, and never long`() {
        #expect(NodeText.revoked([]).count < 32)
        let long = [UInt8](repeating: UInt8(ascii: " "), count: 5_000_000)
        #expect(NodeText.revoked(long).count < 3 * 4_096 + 64)
        #expect(NodeText(NodeText.revoked(long), Self.stat).isRevoked)
        let invalid = [UInt8](repeating: 0xFF, count: 5_000_000)
        #expect(NodeText.revoked(invalid).count < 9 * 4_096 + 64)
    }

    // MARK: Other programs

    @Test(
        arguments: [
            ("", "another program's lock"), ("10.0.0.1", "another program's lock (10.0.0.1)"),
            ("a b", "another program's lock (a b)"), ("dlock", "another program's lock (dlock)"),
            ("a\nb", "another program's lock"), ("\u{1B}[31m", "another program's lock"),
            ("\u{7F}", "another program's lock"),
        ]
    )
    func `What another program has written`(_ text: String, _ label: String) {
        let read = Self.read(text)
        #expect(read.owner == nil && !read.isRevoked)
        #expect(read.holder == Holder(label: label, waitingSince: Self.made))
    }

    @Test func `What is no text, or longer than people read`() {
        #expect(NodeText([0xFF, 0xFE, 0x41], Self.stat).holder.label == "another program's lock")
        let long = Self.read(String(repeating: "é", count: 1_000_000)).holder.label ?? ""
        #expect(long.utf8.count <= 230 && long.hasPrefix("another program's lock (ééé"))
    }

    @Test(arguments: [0, -1, Int64.min])
    func `A node that does not know when it was made`(_ time: Int64) {
        #expect(Self.read("x", Stat(ctime: time)).holder.waitingSince == nil)
    }

    @Test func `Fields have bounds`() {
        let read = Self.read(
            "dlock host=\(String(repeating: "a", count: 3_000)) label=\(String(repeating: "b", count: 1_000))"
        )
        #expect(read.holder.host?.utf8.count == Holder.maximumLabelLength)
        #expect(read.holder.label?.utf8.count == Holder.maximumLabelLength)
        let marks = "dlock label=a\(String(repeating: "%CC%81", count: 600))"
        #expect((Self.read(marks).holder.label?.utf8.count ?? 0) <= Holder.maximumLabelLength)
    }

    @Test func `Times that cannot be`() {
        for time in [Int64.min, .max, -1, 0] {
            let since = Self.read("dlock time=\(time)").holder.waitingSince
            #expect(since?.microseconds == time && since.map { !$0.description.isEmpty } == true)
        }
        #expect(Self.read("x", Stat(ctime: .max)).holder.waitingSince.map { !$0.description.isEmpty } == true)
    }

    @Test func `Whatever is in a node, reading it is no danger`() {
        for seed in 0..<1_000 as Range<UInt64> {
            var random = SeededGenerator(seed: seed)
            let pieces = [
                "dlock", " ", "revoked", "host=", "label=", "pid=", "time=", "owner=", "%", "=", "F0", "9", "é",
                "\u{301}", "\0",
            ]
            var bytes: [UInt8] = Bool.random(using: &random) ? Array("dlock ".utf8) : []
            for _ in 0..<Int.random(in: 0...20, using: &random) {
                if Int.random(in: 0...4, using: &random) == 0 {
                    bytes.append(UInt8.random(in: 0...255, using: &random))
                } else {
                    bytes += Array((pieces.randomElement(using: &random) ?? "").utf8)
                }
            }
            let read = NodeText(bytes, Stat(ctime: Int64(bitPattern: random.next())))
            #expect(
                !read.holder.description.isEmpty && (read.holder.label?.utf8.count ?? 0) <= Holder.maximumLabelLength
            )
            #expect(NodeText(NodeText.revoked(bytes), Self.stat).isRevoked, "seed \(seed)")
        }
    }
}
