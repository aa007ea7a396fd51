import Testing

@testable import DistributedLocks

@Suite("Who watches and who is told")
struct QueueNewsTests {
    private typealias Queue = MemoryQueue<Int>

    private func owner(_ number: Int) -> OwnerID { OwnerID(high: 0, low: UInt64(number)) }

    private func context(dead: Set<Int> = []) -> QueueContext<Int> {
        QueueContext(floor: FencingToken(rawValue: 50), isGone: { dead.contains($0.tag) })
    }

    /// Claims by session, in the order in which they come; their owners are numbered, beginning at 1.
    private func queue(_ sessions: [Int], _ modes: [LockMode] = []) throws -> Queue {
        var queue = Queue()
        var news = QueueNews<Int>()
        for (index, session) in sessions.enumerated() {
            let mode = index < modes.count ? modes[index] : modes.last ?? .exclusive
            let entry = QueueEntry(owner: owner(index + 1), mode: mode, holder: Holder(), tag: session)
            _ = try queue.request(entry, mayWait: true, context(), &news)
        }
        return queue
    }

    private func targets(_ queue: inout Queue, _ number: Int) throws -> [Int] {
        let (position, _) = try #require(try queue.locate(owner(number), nil, context()))
        return try queue.targets(of: position).map(\.tag)
    }

    @Test("the head watches all holders, everybody else the one before")
    func watched() throws {
        var queue = try queue([1, 2, 3, 4, 4, 5], [.permit(of: 2)])
        #expect(try targets(&queue, 3) == [1, 2])
        #expect(try targets(&queue, 4) == [3])
        #expect(try targets(&queue, 5) == [4])
        #expect(try targets(&queue, 6) == [4])
    }

    @Test("a release tells the next waiter and nobody else, however many wait")
    func releaseTellsOne() throws {
        var queue = try queue([1, 2, 3, 4, 5, 6, 7])
        var news = QueueNews<Int>()
        #expect(try queue.remove(owner(1), nil, context(), &news) == .holder)
        #expect(news.granted.map(\.mark.tag) == [2] && news.moved.isEmpty && news.revoked.isEmpty)
    }

    @Test("a waiter that leaves makes only the one behind it watch another")
    func cancelTellsOne() throws {
        var queue = try queue([1, 2, 3, 4, 5])
        var news = QueueNews<Int>()
        #expect(try queue.remove(owner(3), nil, context(), &news) == .waiter)
        #expect(news.granted.isEmpty && news.moved.map(\.mark.tag) == [4])
        #expect(try targets(&queue, 4) == [2])
    }

    @Test("the last waiter leaves without a word")
    func cancelOfLast() throws {
        var queue = try queue([1, 2, 3])
        var news = QueueNews<Int>()
        _ = try queue.remove(owner(3), nil, context(), &news)
        #expect(news.granted.isEmpty && news.moved.isEmpty)
    }

    @Test("readers that come in together are told, and the writer behind them has to watch them all")
    func readers() throws {
        var queue = try queue([1, 2, 3, 4], [.exclusive, .shared, .shared, .exclusive])
        var news = QueueNews<Int>()
        _ = try queue.remove(owner(1), nil, context(), &news)
        #expect(news.granted.map(\.mark.tag) == [2, 3] && news.moved.map(\.mark.tag) == [4])
        #expect(try targets(&queue, 4) == [2, 3])
    }

    @Test("waiters that leave together, in any order, leave each survivor behind the right one")
    func leavingTogether() throws {
        for victims in [[3, 4], [4, 3], [2, 3, 5, 6], [6, 5, 3, 2], [3, 5], [5, 3]] {
            var queue = try queue([1, 2, 3, 4, 5, 6, 7])
            var news = QueueNews<Int>()
            _ = try queue.expire(victims.map { (owner($0), nil) }, context(), &news)
            var before = 1
            for survivor in 2...7 where !victims.contains(survivor) {
                #expect(try targets(&queue, survivor) == [before], "\(victims)")
                before = survivor
            }
            let told = (2...7).filter { !victims.contains($0) && victims.contains($0 - 1) }
            #expect(Set(news.moved.map(\.mark.tag)) == Set(told), "\(victims)")
        }
    }

    @Test("a forced release tells the holders and the next")
    func forcedRelease() throws {
        var queue = try queue([1, 2, 3], [.permit(of: 2)])
        var news = QueueNews<Int>()
        _ = try queue.removeHolders(meantBy: .any, of: LockName("a"), context(), &news)
        #expect(news.revoked.map(\.tag) == [1, 2] && news.granted.map(\.mark.tag) == [3])
        #expect(news.granted[0].mark.token?.rawValue ?? 0 > 50)
    }

    @Test("a request that must not wait passes over dead holders and waiters, one that may wait over dead holders")
    func requestsPrune() throws {
        let entry = QueueEntry(owner: owner(500), mode: .shared, holder: Holder(), tag: 99)
        var news = QueueNews<Int>()
        var reader = try queue([1, 2], [.shared, .exclusive])
        #expect(try reader.request(entry, mayWait: false, context(dead: [2]), &news).answer == .granted(51))
        var writer = try queue([1])
        #expect(try writer.request(entry, mayWait: true, context(dead: [1]), &news).answer == .granted(51))
        var patient = try queue([1, 2])
        #expect(try patient.request(entry, mayWait: true, context(dead: [2]), &news).answer == .queued(1))
    }

    @Test("all who use a semaphore must agree on its permits, but not with the dead")
    func limits() throws {
        var queue = try queue([1], [.permit(of: 2)])
        var news = QueueNews<Int>()
        let entry = QueueEntry(owner: owner(2), mode: .permit(of: 3), holder: Holder(), tag: 2)
        #expect(throws: LockError.invalid("the semaphore is in use with 2 permits; 3 were asked for")) {
            try queue.request(entry, mayWait: true, context(), &news)
        }
        #expect(try queue.request(entry, mayWait: true, context(dead: [1]), &news).answer == .granted(51))
    }

    @Test("however many wait, an arrival, a departure and a hand-over look at a few slots")
    func constantCost() throws {
        var counts: [Int] = []
        for size in [100, 3_000] {
            var queue = CountingQueue()
            var news = QueueNews<Int>()
            var places: [QueuePlace] = []
            for number in 0..<size {
                let entry = QueueEntry(owner: owner(number), mode: .exclusive, holder: Holder(), tag: number)
                if let place = try queue.request(entry, mayWait: true, context(), &news).place { places.append(place) }
            }
            queue.looks = 0
            // From the middle outwards, so that what is gone grows together.
            for step in 0..<40 {
                let number = size / 2 + (step % 2 == 0 ? step : -step)
                _ = try queue.remove(owner(number), places[number], context(), &news)
            }
            for number in 0..<20 { _ = try queue.remove(owner(number), places[number], context(), &news) }
            let entry = QueueEntry(owner: owner(size), mode: .exclusive, holder: Holder(), tag: size)
            _ = try queue.request(entry, mayWait: true, context(), &news)
            counts.append(queue.looks)
        }
        #expect(counts.allSatisfy { $0 < 1_000 }, "\(counts)")
    }
}

/// A queue in memory that counts how many slots are looked at.
private struct CountingQueue: QueueStorage {
    typealias Tag = Int

    var queue = MemoryQueue<Int>()
    var looks = 0

    var control: QueueControl {
        get { queue.control }
        set { queue.control = newValue }
    }
    var capacity: UInt64 { queue.capacity }
    var nextCapacity: UInt64 { queue.nextCapacity }

    mutating func slot(at position: UInt64) -> QueueSlot<Int> {
        looks += 1
        return queue.slot(at: position)
    }

    mutating func entry(at position: UInt64) -> QueueEntry<Int>? {
        looks += 1
        return queue.entry(at: position)
    }

    mutating func put(_ entry: QueueEntry<Int>, at position: UInt64) { queue.put(entry, at: position) }

    mutating func clear(at position: UInt64, previous: UInt64?, next: UInt64) {
        queue.clear(at: position, previous: previous, next: next)
    }

    mutating func grant(at position: UInt64, _ token: FencingToken, since: UnixTime?, tag: Int) {
        queue.grant(at: position, token, since: since, tag: tag)
    }

    mutating func rebuild(capacity: UInt64, moves: [(from: UInt64, to: UInt64)]) {
        queue.rebuild(capacity: capacity, moves: moves)
    }

    func commit() {}
}
