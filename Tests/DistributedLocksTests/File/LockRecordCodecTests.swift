import DistributedLocks
import DistributedLocksTesting
import Testing

@Suite("The bytes of a lock file")
struct LockRecordCodecTests {
    typealias Entry = LockQueue<SessionID>.Entry

    static func record(_ holders: Int, _ waiters: Int, name: String = "näme/🔒") throws -> LockRecord {
        func entry(_ index: Int, token: FencingToken?) -> Entry {
            let modes: [LockMode] = [.exclusive, .shared, .permit(of: 3)]
            let number = UInt64(index)
            let holder = Holder(
                host: index % 2 == 0 ? "host-\(index)" : nil,
                processID: index % 3 == 0 ? nil : Int32(index),
                label: index % 5 == 0 ? nil : "läbel \(index)",
                waitingSince: index % 7 == 0 ? nil : UnixTime(microseconds: Int64(index) - 5)
            )
            return Entry(
                owner: OwnerID(high: number, low: .max - number),
                mode: modes[index % 3],
                holder: holder,
                tag: SessionID(high: .max - number, low: number),
                token: token
            )
        }
        let queue = LockQueue(
            holders: (0..<holders).map { entry($0, token: FencingToken(rawValue: UInt64($0 + 1))) },
            waiters: (0..<waiters).map { entry($0 + holders, token: nil) },
            lastToken: FencingToken(rawValue: 1_000)
        )
        return LockRecord(name: try LockName(name), queue: queue)
    }

    private func decode(_ bytes: [UInt8]) -> LockRecord? {
        LockSlot.Header(bytes[...]).flatMap { LockSlot.decode(bytes[...], $0) }
    }

    @Test("a record survives the round trip", arguments: [(0, 0), (1, 0), (0, 1), (12, 40)])
    func roundTrip(_ holders: Int, _ waiters: Int) throws {
        let record = try Self.record(holders, waiters)
        let bytes = try #require(LockSlot.encode(record, sequence: 7, allotted: 4_096))
        #expect(decode(bytes) == record)
        #expect(LockSlot.Header(bytes[...])?.sequence == 7)
        #expect(decode(bytes + [0, 1, 2]) == record)
    }

    @Test("a slot that is cut short is not taken for one")
    func truncations() throws {
        let bytes = try #require(LockSlot.encode(try Self.record(2, 3), sequence: 7, allotted: 0))
        for count in 0..<bytes.count { #expect(decode(Array(bytes.prefix(count))) == nil) }
    }

    @Test("a slot with one bit changed is not taken for one")
    func bitFlips() async throws {
        let bytes = try #require(LockSlot.encode(try Self.record(2, 2), sequence: 7, allotted: 4_096))
        for index in bytes.indices {
            await Task.yield()
            for bit in 0..<8 {
                var damaged = bytes
                damaged[index] ^= 1 << bit
                #expect(decode(damaged) == nil, "byte \(index), bit \(bit)")
            }
        }
    }

    @Test("hostile bytes with a right checksum do not trap")
    func hostileBytes() async throws {
        let random = RandomSource(SeededGenerator(seed: 1))
        let bytes = try #require(LockSlot.encode(try Self.record(2, 2), sequence: 7, allotted: 4_096))
        for round in 0..<10_000 {
            if round % 50 == 0 { await Task.yield() }
            var damaged = bytes
            for _ in 0...random.next() % 4 {
                let index = 32 + Int(random.next() % UInt64(bytes.count - 32))
                damaged[index] =
                    [0, 1, 0x7F, 0x80, 0xFF, UInt8(truncatingIfNeeded: random.next())][Int(random.next() % 6)]
            }
            LockSlot.reseal(&damaged)
            _ = decode(damaged)
        }
    }

    @Test("a queue that does not fit into a slot is refused")
    func tooLong() throws {
        #expect(LockSlot.encode(try Self.record(0, 20_000), sequence: 1, allotted: 0) == nil)
        let long = try #require(LockSlot.encode(try Self.record(0, 9_000), sequence: 1, allotted: 0))
        #expect(LockSlot.Header(long[...])?.allotted == 1 << 20)
    }

    @Test("messages survive the round trip, and anything else is none")
    func messages() {
        let message = WakeMessage(.granted, owner: OwnerID(high: 1, low: .max), token: FencingToken(rawValue: 1 << 60))
        #expect(message.bytes.count == WakeMessage.size)
        #expect(WakeMessage(message.bytes[...]) == message)
        #expect(WakeMessage(message.bytes.dropLast()) == nil)
        var other = message.bytes
        other[0] ^= 1
        #expect(WakeMessage(other[...]) == nil)
        other = message.bytes
        other[7] = 99
        #expect(WakeMessage(other[...]) == nil)
    }
}
