import DistributedLocksTesting
import Testing

@testable import DistributedLocks

@Suite("The bytes of a lock file")
struct QueuePageTests {
    private func entry(_ index: Int, token: UInt64? = nil) -> QueueEntry<SessionTag> {
        let modes: [LockMode] = [.exclusive, .shared, .permit(of: 3)]
        let number = UInt64(index)
        let holder = Holder(
            host: index % 2 == 0 ? "host-\(index)" : nil,
            processID: index % 3 == 0 ? nil : Int32(index),
            label: index % 5 == 0 ? nil : String(repeating: "ä", count: index % 129),
            waitingSince: index % 7 == 0 ? nil : UnixTime(microseconds: Int64(index) - 5),
            heldSince: token == nil ? nil : UnixTime(microseconds: 77)
        )
        let kept = KeptUntil(boot: 5, uptime: .max - 3, wall: UnixTime(microseconds: -1))
        return QueueEntry(
            owner: OwnerID(high: number, low: .max - number),
            mode: modes[index % 3],
            holder: holder,
            tag: index % 4 == 0 ? SessionTag(keptUntil: kept) : SessionTag(SessionID(high: .max - number, low: number)),
            token: token.map(FencingToken.init(rawValue:))
        )
    }

    /// A file of which somebody holds the lock, and others wait.
    private func file(_ waiters: Int, name: LockName) throws -> PagesInMemory {
        let pages = PagesInMemory()
        var queue = try #require(try FileQueue(QueuePage(), name: name, in: pages))
        var news = QueueNews<SessionTag>()
        for index in 0...waiters {
            let entry = QueueEntry(
                owner: OwnerID(high: 0, low: UInt64(index)),
                mode: .exclusive,
                holder: Holder(host: "h\(index)", label: "some label"),
                tag: SessionTag(SessionID(high: 1, low: UInt64(index)))
            )
            _ = try queue.request(entry, mayWait: true, QueueContext(floor: FencingToken(rawValue: 9)), &news)
        }
        try queue.commit()
        return pages
    }

    @Test("an entry survives the round trip, in any slot")
    func roundTrip() {
        var page = QueuePage()
        for index in 1..<300 {
            let offset = index % QueuePage.slotsOfOthers * QueuePage.slotSize
            let entry = entry(index, token: index % 3 == 1 ? UInt64(index) : nil)
            page.put(entry, at: offset)
            #expect(page.entry(at: offset) == entry)
            #expect(page.slot(at: offset) == .live(entry.mark))
        }
        page.grant(at: 0, FencingToken(rawValue: 4), since: UnixTime(microseconds: 6), tag: SessionTag(.none))
        #expect(page.entry(at: 0)?.token?.rawValue == 4 && page.entry(at: 0)?.holder.heldSince?.microseconds == 6)
        page.clear(at: 0, previous: nil, next: 12)
        #expect(page.slot(at: 0) == .gone(previous: nil, next: 12))
        page.clear(at: 0, previous: 3, next: 12)
        #expect(page.slot(at: 0) == .gone(previous: 3, next: 12))
    }

    @Test("the longest texts fit")
    func longTexts() {
        var page = QueuePage()
        let text = String(repeating: "x", count: Holder.maximumLabelLength)
        let entry = QueueEntry(
            owner: OwnerID(high: 1, low: 1),
            mode: .exclusive,
            holder: Holder(host: text, label: text),
            tag: SessionTag(SessionID(high: 1, low: 1))
        )
        page.put(entry, at: QueuePage.size - QueuePage.slotSize)
        #expect(page.entry(at: QueuePage.size - QueuePage.slotSize) == entry)
    }

    @Test("a file with one bit changed is refused, or says what it said", arguments: [2, 12])
    func bitFlips(_ waiters: Int) async throws {
        let name = try LockName(bytes: [0xFF, 0x61])
        let whole = try file(waiters, name: name).bytes
        var refused = 0
        for index in 0..<whole.count where index % (waiters == 2 ? 7 : 31) == 0 {
            if index % 64 == 0 { await Task.yield() }
            var damaged = whole
            damaged[index] ^= 1 << (index % 8)
            do {
                let pages = PagesInMemory(damaged)
                var queue = try #require(try FileQueue(QueuePage(bytes: pages.page(0)), name: name, in: pages))
                #expect(try queue.holders(atMost: .max).map(\.owner.low) == [0])
                #expect(try queue.waiters().map(\.owner.low) == (1...waiters).map { UInt64($0) })
                #expect(queue.header.name == name.bytes)
            } catch is LockError {
                refused += 1
            }
        }
        #expect(refused > 50)
    }

    @Test("hostile bytes with right checksums do not trap, nor loop")
    func hostileBytes() async throws {
        let random = RandomSource(SeededGenerator(seed: 1))
        let name = try LockName("a")
        let whole = try file(12, name: name).bytes
        for round in 0..<600 {
            if round % 50 == 0 { await Task.yield() }
            var page = QueuePage(bytes: Array(whole.prefix(QueuePage.size)))
            var others = QueuePage(bytes: Array(whole.dropFirst(QueuePage.size).prefix(QueuePage.size)))
            for _ in 0...random.next() % 4 {
                let value: UInt8 = [0, 1, 0x7F, 0x80, 0xFF, UInt8(truncatingIfNeeded: random.next())][
                    Int(random.next() % 6)
                ]
                page.bytes[16 + Int(random.next() % 76)] = value
                others.bytes[Int(random.next() % UInt64(QueuePage.size))] = value
            }
            page.sealControl()
            for slot in 0..<QueuePage.slotsOfOthers { others.seal(at: slot * QueuePage.slotSize) }
            let pages = PagesInMemory(page.bytes + others.bytes + whole.dropFirst(2 * QueuePage.size))
            var news = QueueNews<SessionTag>()
            let context = QueueContext<SessionTag>(floor: FencingToken(rawValue: 1))
            do {
                guard var queue = try FileQueue(page, name: name, in: pages) else { continue }
                _ = try queue.holders(atMost: 64)
                _ = try queue.waiters()
                let entry = entry(1)
                _ = try queue.request(entry, mayWait: true, context, &news)
                _ = try queue.remove(entry.owner, nil, context, &news)
                try queue.commit()
            } catch {
                continue
            }
        }
    }

    @Test("what another version wrote, and a file that was cut, is refused")
    func others() throws {
        let name = try LockName("a")
        var page = QueuePage()
        page.set(QueuePage.Control.formerMagic, at: 0)
        #expect(throws: LockError.self) { try FileQueue(page, name: name, in: PagesInMemory()) }
        let whole = try file(30, name: name).bytes
        let pages = PagesInMemory(Array(whole.prefix(QueuePage.size)))
        var queue = try #require(try FileQueue(QueuePage(bytes: pages.page(0)), name: name, in: pages))
        #expect(throws: LockError.self) { try queue.waiters() }
    }
}
