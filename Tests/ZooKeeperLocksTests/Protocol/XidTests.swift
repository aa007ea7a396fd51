import Testing

@testable import ZooKeeperLocks

@Suite struct XidTests {
    @Test func `Numbers begin with one`() {
        var xid = Xid()
        #expect([xid.next(), xid.next(), xid.next()] == [1, 2, 3])
    }

    @Test func `After the largest comes one: never zero, never a number that means something else`() {
        var xid = Xid(after: .max - 2)
        #expect([xid.next(), xid.next(), xid.next(), xid.next()] == [.max - 1, .max, 1, 2])
    }

    @Test func `The numbers that mean something else`() {
        #expect([Xid.event, Xid.ping, Xid.auth, Xid.setWatches] == [-1, -2, -4, -8])
    }
}
