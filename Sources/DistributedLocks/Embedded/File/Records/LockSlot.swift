/// One of the two places in a lock file where a ``LockRecord`` stands.
///
/// They are written in turn, so that a process that is killed in the middle of a write leaves the previous record. A
/// slot is a header of 32 bytes (magic number, sequence number, length and allotted size, checksum; all little-endian)
/// and the record.
package enum LockSlot: Sendable, CaseIterable {
    case first
    case second

    /// The largest slot, in bytes; also where the second one begins.
    package static let maximumSize = 1 << 20
    /// What is allotted to each slot of a new file, and read at once, in bytes.
    package static let pageSize = 4_096
    /// The length of the header in bytes.
    package static let headerSize = 32

    private static let magic = UInt64(littleEndianText: "dlockfs1")

    /// Where it begins in the file.
    package var offset: Int {
        switch self {
        case .first: 0
        case .second: Self.maximumSize
        }
    }

    /// The one that is written after this one.
    package var other: LockSlot {
        switch self {
        case .first: .second
        case .second: .first
        }
    }

    /// What stands before a record.
    package struct Header: Hashable, Sendable {
        /// Grows by one with every write; the larger one of two slots counts.
        package var sequence: UInt64
        /// The length of the record in bytes.
        package var length: Int
        /// How many bytes of each slot are known to have space on the disk.
        package var allotted: Int
        package var checksum: UInt64

        /// Reads a header; `nil` if there is none.
        package init?(_ bytes: ArraySlice<UInt8>) {
            var reader = ByteReader(bytes)
            guard let magic = try? reader.number(UInt64.self), magic == LockSlot.magic,
                let sequence = try? reader.number(UInt64.self), sequence < UInt64.max,
                let length = try? reader.number(UInt32.self), length <= LockSlot.maximumSize - LockSlot.headerSize,
                let allotted = try? reader.number(UInt32.self), allotted <= LockSlot.maximumSize,
                let checksum = try? reader.number(UInt64.self)
            else { return nil }
            self.sequence = sequence
            self.length = Int(length)
            self.allotted = Int(allotted)
            self.checksum = checksum
        }
    }

    /// The bytes of a whole slot.
    ///
    /// - Returns: `nil` if the record is too long for a slot.
    package static func encode(_ record: LockRecord, sequence: UInt64, allotted: Int) -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(512)
        bytes.append(number: magic)
        bytes.append(number: sequence)
        bytes.append(number: UInt32(0))
        bytes.append(number: UInt32(0))
        bytes.append(number: UInt64(0))
        LockRecordCodec.encode(record, to: &bytes)
        guard bytes.count <= maximumSize else { return nil }
        bytes.replace(number: UInt32(bytes.count - headerSize), at: 16)
        bytes.replace(number: UInt32(max(allotted, roundedUp(bytes.count))), at: 20)
        reseal(&bytes)
        return bytes
    }

    /// Computes the checksum of a slot whose other bytes are in place.
    package static func reseal(_ bytes: inout [UInt8]) {
        bytes.replace(number: checksum(bytes[...]), at: 24)
    }

    /// The record in a slot.
    ///
    /// - Parameters:
    ///   - bytes: The header and at least as many bytes as it tells.
    ///   - header: The header, read from the same bytes.
    /// - Returns: The record; `nil` if the bytes are not what was written.
    package static func decode(_ bytes: ArraySlice<UInt8>, _ header: Header) -> LockRecord? {
        guard bytes.count >= headerSize + header.length else { return nil }
        let slot = bytes.prefix(headerSize + header.length)
        guard checksum(slot) == header.checksum else { return nil }
        return try? LockRecordCodec.decode(slot.dropFirst(headerSize))
    }

    /// How much is allotted for `size` bytes: whole pages, and twice as much each time, so that it happens seldom.
    private static func roundedUp(_ size: Int) -> Int {
        var rounded = pageSize
        while rounded < size { rounded *= 2 }
        return min(rounded, maximumSize)
    }

    /// FNV-1a with 64 bits over the header, without its checksum, and the record.
    ///
    /// Every step is a bijection, so that a change of any one byte is noticed for certain.
    private static func checksum(_ slot: ArraySlice<UInt8>) -> UInt64 {
        let prime: UInt64 = 0x100_0000_01b3
        return slot.withUnsafeBufferPointer { bytes in
            var hash: UInt64 = 0xcbf2_9ce4_8422_2325
            for byte in bytes.prefix(24) { hash = (hash ^ UInt64(byte)) &* prime }
            for byte in bytes.dropFirst(headerSize) { hash = (hash ^ UInt64(byte)) &* prime }
            return hash
        }
    }
}

extension UInt64 {
    /// The number whose little-endian bytes are those of `text`.
    init(littleEndianText text: StaticString) {
        self = UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
            .reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
}

extension [UInt8] {
    /// Overwrites the bytes at `offset` with `value` in little-endian order.
    fileprivate mutating func replace<Number: FixedWidthInteger>(number value: Number, at offset: Int) {
        for index in 0..<Number.bitWidth / 8 {
            self[offset + index] = UInt8(truncatingIfNeeded: value >> (8 * index))
        }
    }
}
