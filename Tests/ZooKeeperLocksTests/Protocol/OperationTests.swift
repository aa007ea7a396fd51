import NIOCore
import Testing

@testable import ZooKeeperLocks

@Suite struct OperationTests {
    /// The rule that lets everybody do everything, as it is sent.
    static let open = "00000001 0000001f (world) (anyone)"

    /// Operations, and what follows the number of the request.
    static let cases: [(Operation, String)] = [
        (.create(path: "/a", data: [1, 2], mode: .persistent), "0000000f (/a) 00000002 0102 \(open) 00000000"),
        (.create(path: "/a", mode: .ephemeral), "0000000f (/a) 00000000 \(open) 00000001"),
        (.create(path: "/a-", mode: .persistentSequential), "0000000f (/a-) 00000000 \(open) 00000002"),
        (.create(path: "/a-", mode: .ephemeralSequential), "0000000f (/a-) 00000000 \(open) 00000003"),
        (.create(path: "/a", mode: .container), "00000013 (/a) 00000000 \(open) 00000004"),
        (
            .create(path: "/a", access: [.creator], mode: .persistent),
            "0000000f (/a) 00000000 00000001 0000001f (auth) 00000000 00000000"
        ),
        (
            .create(
                path: "/a",
                access: [.open, AccessRule(permissions: [.read, .admin], scheme: "digest", identity: "u:x")],
                mode: .persistent
            ),
            "0000000f (/a) 00000000 00000002 0000001f (world) (anyone) 00000011 (digest) (u:x) 00000000"
        ),
        (.delete(path: "/a"), "00000002 (/a) ffffffff"),
        (.delete(path: "/a", version: 7), "00000002 (/a) 00000007"),
        (.exists(path: "/a"), "00000003 (/a) 00"),
        (.exists(path: "/a", watch: true), "00000003 (/a) 01"),
        (.getData(path: "/a"), "00000004 (/a) 00"),
        (.getData(path: "/a", watch: true), "00000004 (/a) 01"),
        (.setData(path: "/a", data: [255]), "00000005 (/a) 00000001 ff ffffffff"),
        (.setData(path: "/a", data: [], version: 1), "00000005 (/a) 00000000 00000001"),
        (.getChildren(path: "/a"), "00000008 (/a) 00"),
        (.getChildren(path: "/a", watch: true), "00000008 (/a) 01"),
        (.sync(path: "/a"), "00000009 (/a)"),
        (.addWatch(path: "/a", isRecursive: false), "0000006a (/a) 00000000"),
        (.addWatch(path: "/a", isRecursive: true), "0000006a (/a) 00000001"),
        (.removeWatches(path: "/a", .children), "00000012 (/a) 00000001"),
        (.removeWatches(path: "/a", .data), "00000012 (/a) 00000002"),
        (.removeWatches(path: "/a", .any), "00000012 (/a) 00000003"),
        (.removeWatches(path: "/a", .persistent), "00000012 (/a) 00000004"),
        (.removeWatches(path: "/a", .persistentRecursive), "00000012 (/a) 00000005"),
        (.closeSession, "fffffff5"),
        (.multi([]), "0000000e ffffffff 01 ffffffff"),
        (
            .multi([
                .check(path: "/a", version: 3), .create(path: "/b", data: [9], mode: .ephemeralSequential),
                .create(path: "/c", mode: .container), .setData(path: "/a", data: [8]), .delete(path: "/d"),
            ]),
            """
            0000000e 0000000d 00 ffffffff (/a) 00000003
            00000001 00 ffffffff (/b) 00000001 09 \(open) 00000003
            00000013 00 ffffffff (/c) 00000000 \(open) 00000004
            00000005 00 ffffffff (/a) 00000001 08 ffffffff
            00000002 00 ffffffff (/d) ffffffff
            ffffffff 01 ffffffff
            """
        ),
    ]

    @Test(arguments: cases.indices)
    func `Every operation has the bytes that the protocol says`(_ index: Int) {
        let (operation, body) = Self.cases[index]
        let bytes = ByteBuffer { operation.write(xid: 0x0102_0304, below: Chroot(), into: &$0) }
        #expect(bytes.bytes == frame("01020304 " + body))
    }

    @Test(arguments: cases.indices)
    func `Below a chroot, every path begins with it`(_ index: Int) {
        let (operation, body) = Self.cases[index]
        let bytes = ByteBuffer { operation.write(xid: 1, below: Chroot("/app"), into: &$0) }
        #expect(bytes.bytes == frame("00000001 " + body.replacing("(/", with: "(/app/")))
    }

    @Test func `Operations follow each other`() {
        let bytes = ByteBuffer { bytes in
            Operation.exists(path: "/a").write(xid: 1, below: Chroot(), into: &bytes)
            Operation.closeSession.write(xid: 2, below: Chroot(), into: &bytes)
        }
        #expect(bytes.bytes == frame("00000001 00000003 (/a) 00") + frame("00000002 fffffff5"))
    }

    @Test func `What the leader decides is a write`() {
        let writes = Self.cases.map(\.0).filter(\.isWrite).map(\.code)
        #expect(Set(writes) == [.create2, .createContainer, .delete, .setData, .multi, .closeSession])
    }

    @Test func `Text beyond ASCII is counted in bytes`() {
        let bytes = ByteBuffer { Operation.sync(path: "/ä").write(xid: 1, below: Chroot(), into: &$0) }
        #expect(bytes.bytes == wire("0000000f 00000001 00000009 00000003 '/' c3a4"))
    }
}
