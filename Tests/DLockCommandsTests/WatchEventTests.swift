import DistributedLocks
import Testing

@testable import DLockCommands

@Suite("What a watcher sees")
struct WatchEventTests {
    private func participant(_ number: UInt64?, pid: Int32 = 1) -> LockStatus.Participant {
        LockStatus.Participant(
            holder: Holder(host: "h", processID: pid),
            mode: .exclusive,
            owner: number.map { OwnerID(high: 0, low: $0) }
        )
    }

    private func status(_ name: String, holders: [LockStatus.Participant], waiters: [LockStatus.Participant] = [])
        throws
        -> LockStatus
    {
        LockStatus(name: try LockName(name), holders: holders, waiters: waiters)
    }

    private func kinds(_ before: [LockStatus], _ after: [LockStatus]) -> [WatchEvent.Kind] {
        WatchEvent.between(before, after).map(\.kind)
    }

    @Test("Nothing changes, nothing is said")
    func same() throws {
        let now = [try status("a", holders: [participant(1)], waiters: [participant(2)])]
        #expect(kinds(now, now) == [])
    }

    @Test("Taking, waiting, handing over, giving up")
    func life() throws {
        let held = try status("a", holders: [participant(1)])
        let queued = try status("a", holders: [participant(1)], waiters: [participant(2), participant(3)])
        let handed = try status("a", holders: [participant(2)], waiters: [participant(3)])
        let given = try status("a", holders: [participant(2)])
        #expect(kinds([], [held]) == [.acquired])
        #expect(kinds([held], [queued]) == [.waiting, .waiting])
        #expect(kinds([queued], [handed]) == [.released, .acquired])
        #expect(kinds([handed], [given]) == [.left])
        #expect(kinds([given], []) == [.released])
    }

    @Test("Names come in order")
    func order() throws {
        let after = [try status("b", holders: [participant(1)]), try status("a", holders: [participant(2)])]
        #expect(WatchEvent.between([], after).map(\.name.text) == ["a", "b"])
    }

    @Test("Holders without an owner are told apart by what is known of them")
    func foreign() throws {
        let before = [try status("a", holders: [participant(nil, pid: 1)])]
        let after = [try status("a", holders: [participant(nil, pid: 2)])]
        #expect(kinds(before, before) == [])
        #expect(kinds(before, after) == [.released, .acquired])
    }
}
