import NIOCore
import Testing

@testable import ZooKeeperLocks

@Suite struct ReplyTests {
    /// A node with another number in every field, as it is sent.
    static let statText = """
        0000000100000002 0000000100000003 0000000000000004 0000000000000005 00000006 00000007 00000008
        0100000000000009 0000000a 0000000b 000000010000000c
        """
    static let stat = Stat(
        czxid: 0x1_0000_0002,
        mzxid: 0x1_0000_0003,
        ctime: 4,
        mtime: 5,
        version: 6,
        cversion: 7,
        aversion: 8,
        ephemeralOwner: 0x0100_0000_0000_0009,
        dataLength: 10,
        numChildren: 11,
        pzxid: 0x1_0000_000c
    )

    static let cases: [(Operation, String, Reply)] = [
        (.create(path: "/a-", mode: .ephemeralSequential), "(/a-1) \(statText)", .created(path: "/a-1", stat)),
        (.create(path: "/a", mode: .container), "(/a) \(statText)", .created(path: "/a", stat)),
        (.create(path: "/a", mode: .container), "(/a)", .created(path: "/a", Stat())),
        (.delete(path: "/a"), "", .done),
        (.exists(path: "/a"), statText, .stat(stat)),
        (.setData(path: "/a", data: []), statText, .stat(stat)),
        (.getData(path: "/a"), "00000002 00ff \(statText)", .data([0, 255], stat)),
        (.getData(path: "/a"), "ffffffff \(statText)", .data([], stat)),
        (.getChildren(path: "/a"), "00000000", .children([])),
        (.getChildren(path: "/a"), "ffffffff", .children([])),
        (.getChildren(path: "/a"), "00000003 (x) (y-1) 00000000", .children(["x", "y-1", ""])),
        (.sync(path: "/a"), "(/a)", .done),
        (.addWatch(path: "/a", isRecursive: true), "00000000", .done),
        (.removeWatches(path: "/a", .data), "", .done),
        (.closeSession, "", .done),
    ]

    private func read(_ operation: Operation, _ bytes: some Sequence<UInt8>, _ chroot: Chroot = Chroot()) throws
        -> Reply
    {
        var reader = JuteReader(ByteBuffer(bytes: bytes))
        return try Reply(to: operation, from: &reader, below: chroot)
    }

    @Test(arguments: cases.indices)
    func `Every answer is read from the bytes that the protocol says`(_ index: Int) throws {
        let (operation, text, reply) = Self.cases[index]
        #expect(try read(operation, wire(text)) == reply)
    }

    @Test(arguments: cases.indices)
    func `No answer is read from less, or from more`(_ index: Int) throws {
        let (operation, text, _) = Self.cases[index]
        let bytes = wire(text)
        for count in bytes.indices where !(operation.code == .createContainer && count == 6) {
            #expect(throws: JuteError.self, "\(count) bytes") { try read(operation, bytes.prefix(count)) }
        }
        if operation.code == .createContainer && bytes.count == 6 { return }
        #expect(throws: JuteError.excess(1)) { try read(operation, bytes + [0]) }
    }

    @Test func `The path of a node that was made is one below the chroot`() throws {
        let reply = try read(.create(path: "/a", mode: .persistent), wire("(/app/a) \(Self.statText)"), Chroot("/app"))
        #expect(reply == .created(path: "/a", Self.stat))
    }

    @Test func `What is known of a node has 68 bytes, and is written as it is read`() {
        let bytes = ByteBuffer(Self.stat.write).bytes
        #expect(bytes == wire(Self.statText))
        #expect(bytes.count == Stat.length)
    }

    @Test func `A header`() throws {
        var reader = JuteReader(ByteBuffer(bytes: wire("00000007 0000000200000003 ffffff9b 00")))
        let header = try ReplyHeader(from: &reader)
        #expect(header == ReplyHeader(xid: 7, zxid: 0x2_0000_0003, error: .noNode))
        #expect(reader.remaining == 1)
        for count in 0..<16 {
            var short = JuteReader(ByteBuffer(bytes: [UInt8](repeating: 0, count: count)))
            #expect(throws: JuteError.truncated) { try ReplyHeader(from: &short) }
        }
    }

    @Test func `A list of children that is longer than its frame has no room for it`() {
        for count in ["7fffffff", "80000000", "fffffffe", "00000003"] {
            #expect(throws: JuteError.self) { try read(.getChildren(path: "/"), wire("\(count) (a) 00000000")) }
        }
    }

    @Test func `Names that are not UTF-8 are refused`() {
        #expect(throws: JuteError.notText) { try read(.getChildren(path: "/"), wire("00000001 00000001 ff")) }
        let created = Operation.create(path: "/a", mode: .persistent)
        #expect(throws: JuteError.notText) { try read(created, wire("00000002 2fff \(Self.statText)")) }
    }
}
