import NIOCore
import Testing

@testable import ZooKeeperLocks

@Suite struct MultiReplyTests {
    static let end = "ffffffff 01 ffffffff"
    /// Five steps, of each kind one.
    static let steps: [MultiOperation] = [
        .check(path: "/a"), .create(path: "/b-", mode: .ephemeralSequential), .create(path: "/c", mode: .container),
        .setData(path: "/a", data: []), .delete(path: "/d"),
    ]

    private func read(_ text: String, steps: Int, _ chroot: Chroot = Chroot()) throws -> Reply {
        var reader = JuteReader(ByteBuffer(bytes: wire(text)))
        let operations = (0..<steps).map { Self.steps[$0 % Self.steps.count] }
        return try Reply(to: .multi(operations), from: &reader, below: chroot)
    }

    @Test func `What became of each step`() throws {
        let text = """
            0000000d 00 00000000
            00000001 00 00000000 (/app/b-7)
            00000013 00 00000000 (/app/c) \(ReplyTests.statText)
            00000005 00 00000000 \(ReplyTests.statText)
            00000002 00 00000000
            \(Self.end)
            """
        let expected: [MultiResult] = [
            .done, .created(path: "/b-7"), .created(path: "/c"), .stat(ReplyTests.stat), .done,
        ]
        #expect(try read(text, steps: 5, Chroot("/app")) == .results(expected))
    }

    @Test func `The longer answer to a step that makes a node`() throws {
        let text = "0000000f 00 00000000 (/b) \(ReplyTests.statText) \(Self.end)"
        #expect(try read(text, steps: 1) == .results([.created(path: "/b")]))
    }

    @Test func `A transaction that failed: what was before the step, the step, and what was after it`() throws {
        let text = """
            ffffffff 00 00000000 00000000
            ffffffff 00 ffffff92 ffffff92
            ffffffff 00 fffffffe fffffffe
            \(Self.end)
            """
        #expect(
            try read(text, steps: 3) == .results([.failed(.ok), .failed(.nodeExists), .failed(.runtimeInconsistency)])
        )
    }

    @Test func `No steps`() throws {
        #expect(try read(Self.end, steps: 0) == .results([]))
    }

    @Test func `More or fewer results than steps are refused`() {
        let done = "00000002 00 00000000 "
        #expect(throws: JuteError.badCount(2, of: 1)) { try read(done + done + Self.end, steps: 1) }
        #expect(throws: JuteError.badCount(1, of: 2)) { try read(done + Self.end, steps: 2) }
        #expect(throws: JuteError.badCount(3, of: 2)) {
            try read(String(repeating: done, count: 100_000) + Self.end, steps: 2)
        }
    }

    @Test func `Results of what was not asked for are refused`() {
        for type in ["00000008", "00000004", "00000063", "fffffffe"] {
            #expect(throws: JuteError.self) { try read("\(type) 00 00000000 00000000 \(Self.end)", steps: 1) }
        }
    }

    @Test func `Results that end too early or too late`() {
        let bytes = wire("00000001 00 00000000 (/b) ffffffff 00 fffffffe fffffffe \(Self.end)")
        for count in bytes.indices {
            var reader = JuteReader(ByteBuffer(bytes: bytes.prefix(count)))
            #expect(throws: JuteError.self) {
                try Reply(to: .multi([.delete(path: "/a"), .delete(path: "/b")]), from: &reader, below: Chroot())
            }
        }
        #expect(throws: JuteError.excess(1)) { try read(Self.end + " 00", steps: 0) }
    }
}
