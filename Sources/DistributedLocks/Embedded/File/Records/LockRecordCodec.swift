/// The bytes of a ``LockRecord``.
///
/// All numbers are little-endian. The name; the last token; the number of holders and of waiters; then the entries:
/// owner, session, mode, a byte that says which of host, process id, label, time and token follow, and those.
enum LockRecordCodec {
    private enum Field {
        static let host: UInt8 = 1
        static let process: UInt8 = 2
        static let label: UInt8 = 4
        static let since: UInt8 = 8
        static let token: UInt8 = 16
    }

    /// Larger tokens are refused, so that counting on from one cannot overflow.
    private static let maximumToken = UInt64(Int64.max)

    /// Appends the bytes of `record` to `bytes`.
    static func encode(_ record: LockRecord, to bytes: inout [UInt8]) {
        bytes.append(text: record.name.text)
        bytes.append(number: record.queue.lastToken.rawValue)
        bytes.append(number: UInt32(record.queue.holders.count))
        bytes.append(number: UInt32(record.queue.waiters.count))
        for entry in record.queue.holders { encode(entry, to: &bytes) }
        for entry in record.queue.waiters { encode(entry, to: &bytes) }
    }

    /// Reads what ``encode(_:to:)`` wrote.
    ///
    /// - Throws: When the bytes are anything else.
    static func decode(_ bytes: ArraySlice<UInt8>) throws(ByteReader.Malformed) -> LockRecord {
        var reader = ByteReader(bytes)
        guard let name = try? LockName(reader.text()) else { throw ByteReader.Malformed() }
        let lastToken = try reader.number(UInt64.self)
        let holderCount = try reader.number(UInt32.self)
        let waiterCount = try reader.number(UInt32.self)
        let holders = try entries(holderCount, from: &reader)
        let waiters = try entries(waiterCount, from: &reader)
        guard reader.remaining == 0, lastToken <= maximumToken,
            holders.allSatisfy({ ($0.token?.rawValue).map { $0 <= lastToken } ?? false }),
            waiters.allSatisfy({ $0.token == nil })
        else { throw ByteReader.Malformed() }
        let queue = LockQueue(holders: holders, waiters: waiters, lastToken: FencingToken(rawValue: lastToken))
        return LockRecord(name: name, queue: queue)
    }

    private static func encode(_ entry: LockQueue<SessionID>.Entry, to bytes: inout [UInt8]) {
        for number in [entry.owner.high, entry.owner.low, entry.tag.high, entry.tag.low] {
            bytes.append(number: number)
        }
        encode(entry.mode, to: &bytes)
        let flags = bytes.count
        bytes.append(0)
        if let host = entry.holder.host {
            bytes[flags] |= Field.host
            bytes.append(text: host)
        }
        if let process = entry.holder.processID {
            bytes[flags] |= Field.process
            bytes.append(number: process)
        }
        if let label = entry.holder.label {
            bytes[flags] |= Field.label
            bytes.append(text: label)
        }
        if let since = entry.holder.waitingSince {
            bytes[flags] |= Field.since
            bytes.append(number: since.microseconds)
        }
        if let token = entry.token {
            bytes[flags] |= Field.token
            bytes.append(number: token.rawValue)
        }
    }

    private static func encode(_ mode: LockMode, to bytes: inout [UInt8]) {
        switch mode {
        case .exclusive:
            bytes.append(0)
        case .shared:
            bytes.append(1)
        case .permit(let limit):
            bytes.append(2)
            bytes.append(number: Int64(limit))
        }
    }

    private static func entries(
        _ count: UInt32,
        from reader: inout ByteReader
    ) throws(ByteReader.Malformed) -> [LockQueue<SessionID>.Entry] {
        var entries: [LockQueue<SessionID>.Entry] = []
        for _ in 0..<count { entries.append(try entry(from: &reader)) }
        return entries
    }

    private static func entry(
        from reader: inout ByteReader
    ) throws(ByteReader.Malformed) -> LockQueue<SessionID>.Entry {
        let owner = OwnerID(high: try reader.number(), low: try reader.number())
        let session = SessionID(high: try reader.number(), low: try reader.number())
        let mode = try mode(from: &reader)
        let flags = try reader.number(UInt8.self)
        var holder = Holder()
        if flags & Field.host != 0 { holder.host = try reader.text() }
        if flags & Field.process != 0 { holder.processID = try reader.number() }
        if flags & Field.label != 0 { holder.label = try reader.text() }
        if flags & Field.since != 0 { holder.waitingSince = UnixTime(microseconds: try reader.number()) }
        let token = flags & Field.token != 0 ? FencingToken(rawValue: try reader.number()) : nil
        return LockQueue<SessionID>.Entry(owner: owner, mode: mode, holder: holder, tag: session, token: token)
    }

    private static func mode(from reader: inout ByteReader) throws(ByteReader.Malformed) -> LockMode {
        switch try reader.number(UInt8.self) {
        case 0: return .exclusive
        case 1: return .shared
        case 2:
            guard let limit = Int(exactly: try reader.number(Int64.self)), limit > 0 else {
                throw ByteReader.Malformed()
            }
            return .permit(of: limit)
        default:
            throw ByteReader.Malformed()
        }
    }
}
