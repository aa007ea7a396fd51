import NIOCore
import Testing

@testable import ZooKeeperLocks

@Suite struct WatchEventTests {
    private func read(_ text: String) throws -> WatchEvent? {
        var reader = JuteReader(ByteBuffer(bytes: wire(text)))
        return try WatchEvent.read(from: &reader)
    }

    @Test(
        arguments: [
            ("ffffffff", .none), ("00000001", .created), ("00000002", .deleted), ("00000003", .dataChanged),
            ("00000004", .childrenChanged), ("00000005", .dataWatchRemoved), ("00000006", .childWatchRemoved),
            ("00000007", .persistentWatchRemoved),
        ] as [(String, WatchEvent.Kind)]
    )
    func `Every kind of event`(_ number: String, _ kind: WatchEvent.Kind) throws {
        #expect(try read("\(number) 00000003 (/a/b)") == WatchEvent(kind: kind, path: "/a/b"))
    }

    @Test func `A kind that nobody knows is no error`() throws {
        #expect(try read("00000063 00000003 (/a)") == nil)
    }

    @Test func `An event that ends too early`() {
        let bytes = wire("00000001 00000003 (/a)")
        for count in bytes.indices {
            var reader = JuteReader(ByteBuffer(bytes: bytes.prefix(count)))
            #expect(throws: JuteError.self) { try WatchEvent.read(from: &reader) }
        }
    }
}
