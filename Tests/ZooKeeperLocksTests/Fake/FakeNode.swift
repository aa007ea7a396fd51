@testable import ZooKeeperLocks

/// A node of a ``FakeTree``.
struct FakeNode {
    var data: [UInt8] = []
    var access: [AccessRule] = [.open]
    var children: Set<FakeName> = []
    /// Goes away when it is found without children, having had some.
    var isContainer = false
    /// How many children were made, which is the next number for a sequential one; the client sees another one.
    var counter: Int32 = 0
    /// Without what follows from the rest.
    var stat = Stat()

    /// What a client is told.
    var clientStat: Stat {
        var stat = stat
        stat.cversion = counter &* 2 &- Int32(children.count)
        stat.numChildren = Int32(children.count)
        stat.dataLength = Int32(data.count)
        return stat
    }

    /// The names of its children in an order that is always the same, and none that anybody may rely on.
    var scrambledChildren: [String] {
        children.map { (Self.scramble($0.text), $0.text) }.sorted { $0.0 < $1.0 }.map(\.1)
    }

    /// FNV-1a.
    private static func scramble(_ name: String) -> UInt64 {
        name.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    }
}
