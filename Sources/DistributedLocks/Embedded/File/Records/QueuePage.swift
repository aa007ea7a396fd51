/// One page of a lock file: 4,096 bytes, which are written at once, so that a process that is killed leaves a page as it was
/// or as it will be.
///
/// The first page has the control block, the name, and four slots; each other page has six slots. All numbers are
/// little-endian.
struct QueuePage {
    static let size = 4_096
    /// The length of a slot.
    static let slotSize = 640
    /// How many slots the first page has, behind ``Control/size``.
    static let slotsOfFirst = 4
    /// How many slots the other pages have.
    static let slotsOfOthers = 6

    var bytes: [UInt8]

    init() {
        bytes = [UInt8](repeating: 0, count: Self.size)
    }

    init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// The number at an offset.
    func number<Number: FixedWidthInteger>(at offset: Int, _ type: Number.Type = Number.self) -> Number {
        bytes.withUnsafeBytes { Number(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: Number.self)) }
    }

    /// Writes a number at an offset.
    mutating func set<Number: FixedWidthInteger>(_ value: Number, at offset: Int) {
        bytes.withUnsafeMutableBytes { $0.storeBytes(of: value.littleEndian, toByteOffset: offset, as: Number.self) }
    }

    /// A sum over the numbers of 64 bits in `range`. Every step is a bijection, so that a change of any one of them is
    /// noticed for certain (FNV-1a, by words).
    func checksum(_ range: Range<Int>) -> UInt64 {
        bytes.withUnsafeBytes { bytes in
            var hash: UInt64 = 0xcbf2_9ce4_8422_2325
            for offset in stride(from: range.lowerBound, to: range.upperBound, by: 8) {
                let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
                hash = (hash ^ word) &* 0x100_0000_01b3
                hash ^= hash >> 29
            }
            return hash
        }
    }

    /// The text at `range`; `nil` if it is not UTF-8.
    func text(_ range: Range<Int>) -> String? {
        String(validating: bytes[range], as: UTF8.self)
    }
}
