import DistributedLocks
import Testing

@Suite("Who watches and who is told")
struct WatchPlanTests {
    typealias Queue = LockQueue<SessionID>

    private func session(_ number: Int) -> SessionID { SessionID(high: 0, low: UInt64(number)) }
    private func owner(_ number: Int) -> OwnerID { OwnerID(high: 0, low: UInt64(number)) }

    /// Holders and waiters by session; their owners are numbered, beginning at `1` and at `101`.
    private func queue(_ holders: [Int], _ waiters: [Int], _ mode: LockMode = .exclusive) -> Queue {
        func entry(_ number: Int, _ tag: Int, _ token: UInt64?) -> Queue.Entry {
            Queue.Entry(
                owner: owner(number),
                mode: mode,
                holder: Holder(),
                tag: session(tag),
                token: token.map(FencingToken.init(rawValue:))
            )
        }
        return Queue(
            holders: holders.enumerated().map { entry($0 + 1, $1, UInt64($0 + 1)) },
            waiters: waiters.enumerated().map { entry($0 + 101, $1, nil) },
            lastToken: FencingToken(rawValue: 50)
        )
    }

    private func change(_ queue: Queue, by number: Int = 99, dead: Set<Int> = []) -> QueueChange {
        QueueChange(
            queue,
            by: session(number),
            floor: FencingToken(rawValue: 0),
            isAlive: { !dead.contains(Int($0.low)) },
            isWaiting: { _ in true }
        )
    }

    private func told(_ change: QueueChange) -> [(WakeMessage.Kind, Int)] {
        change.notices().map { ($0.message.kind, Int($0.session.low)) }
    }

    @Test("the head watches all holders, everybody else the one before")
    func watched() {
        let queue = queue([1, 2], [3, 4, 4, 5], .permit(of: 2))
        #expect(WatchPlan.watched(by: session(3), in: queue) == [session(1), session(2)])
        #expect(WatchPlan.watched(by: session(4), in: queue) == [session(3)])
        #expect(WatchPlan.watched(by: session(5), in: queue) == [session(4)])
        #expect(WatchPlan.watched(by: session(1), in: queue).isEmpty)
    }

    @Test("nobody watches itself")
    func ownSession() {
        #expect(WatchPlan.watched(by: session(1), in: queue([1], [1, 1, 2])).isEmpty)
    }

    @Test("a release wakes the next waiter and nobody else, however many wait")
    func releaseWakesOne() {
        var change = change(queue([1], [2, 3, 4, 5, 6, 7]), by: 1)
        #expect(change.remove(owner(1)) == .holder)
        #expect(told(change).map(\.0) == [.granted])
        #expect(told(change).map(\.1) == [2])
    }

    @Test("a waiter that leaves makes only the one behind it watch another")
    func cancelTellsOne() {
        var change = change(queue([1], [2, 3, 4, 5]), by: 3)
        #expect(change.remove(owner(102)) == .waiter)
        #expect(told(change).map(\.0) == [.recheck])
        #expect(told(change).map(\.1) == [4])
    }

    @Test("the last waiter leaves without a word")
    func cancelOfLast() {
        var change = change(queue([1], [2, 3]), by: 3)
        _ = change.remove(owner(102))
        #expect(told(change).isEmpty)
    }

    @Test("a release passes over dead waiters, in one go")
    func releaseSkipsDead() {
        var change = change(queue([1], [2, 3, 4, 5]), by: 1, dead: [2, 3])
        _ = change.remove(owner(1))
        #expect(told(change).map(\.0) == [.granted])
        #expect(told(change).map(\.1) == [4])
        #expect(change.queue.waiters.map(\.tag) == [session(5)])
    }

    @Test("readers that come in together are told, and the writer behind them watches them all")
    func readers() {
        var queue = queue([1], [2, 3])
        queue = Queue(holders: queue.holders, waiters: [], lastToken: queue.lastToken)
        for (number, mode) in [(2, LockMode.shared), (3, .shared), (4, .exclusive)] {
            let entry = Queue.Entry(owner: owner(100 + number), mode: mode, holder: Holder(), tag: session(number))
            _ = try? queue.request(entry, mayWait: true, floor: FencingToken(rawValue: 0))
        }
        var change = change(queue, by: 1)
        _ = change.remove(owner(1))
        #expect(told(change).map(\.0) == [.granted, .granted, .recheck])
        #expect(told(change).map(\.1) == [2, 3, 4])
    }

    @Test("the watcher of a dead waiter clears it away, and the dead before it")
    func pruneWatched() {
        var change = change(queue([1], [2, 3, 4, 5]), by: 5, dead: [3, 4])
        change.pruneWatched()
        #expect(change.queue.waiters.map(\.tag) == [session(2), session(5)])
        #expect(told(change).isEmpty)
    }

    @Test("a forced release tells the holders and the next")
    func forcedRelease() throws {
        var change = change(queue([1, 2], [3], .permit(of: 2)))
        #expect(try change.removeHolders(meantBy: .any, of: LockName("a")).map(\.tag) == [session(1), session(2)])
        #expect(told(change).map(\.0) == [.revoked, .revoked, .granted])
        #expect(told(change).map(\.1) == [1, 2, 3])
        let tokens = change.notices().map(\.message.token.rawValue)
        #expect(tokens[0] == 1 && tokens[1] == 2 && tokens[2] > 50)
    }

    @Test("a request that must not wait clears away dead waiters, one that may wait needs not")
    func requestsPrune() throws {
        let entry = Queue.Entry(owner: owner(500), mode: .shared, holder: Holder(), tag: session(99))
        let reader = queue([1], [2], .shared)
        var impatient = change(reader, dead: [2])
        guard case .granted = try impatient.request(entry, mayWait: false) else {
            Issue.record("a dead waiter is in the way")
            return
        }
        var patient = change(queue([1], [], .exclusive), dead: [1])
        guard case .granted = try patient.request(entry, mayWait: true) else {
            Issue.record("a dead holder is in the way")
            return
        }
    }

    @Test("a request replaces what its owner had in a former session")
    func formerSession() throws {
        let entry = Queue.Entry(owner: owner(101), mode: .exclusive, holder: Holder(), tag: session(99))
        var waiting = change(queue([1], [2, 3]), dead: [2])
        #expect(try waiting.request(entry, mayWait: true) == .queued(ahead: 1))
        #expect(waiting.queue.waiters.map(\.tag) == [session(3), session(99)])
    }
}
