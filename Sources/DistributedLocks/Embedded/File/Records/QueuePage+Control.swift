extension QueuePage {
    /// What the first page says of the whole file.
    struct Control: Hashable {
        /// The length of the control block and the name.
        static let size = 96 + LockName.maximumLength
        static let magic = UInt64(littleEndianText: "dlockfs2")
        /// What lock files began with before the first release.
        static let formerMagic = UInt64(littleEndianText: "dlockfs1")
        /// The most that can hold and wait.
        static let maximumCapacity: UInt64 = 6 << 15

        var queue = QueueControl()
        /// The page where the ring begins; 0 for the one in the first page.
        var area: UInt64 = 0
        var capacity = UInt64(QueuePage.slotsOfFirst)
        var name: [UInt8]
    }

    /// Whether nothing has ever been written.
    var isBlank: Bool { bytes.allSatisfy { $0 == 0 } }

    /// What the file begins with.
    var magic: UInt64 { number(at: 0) }

    /// Reads the control block; `nil` if it is damaged.
    var control: Control? {
        let length = Int(number(at: 92, UInt16.self))
        guard magic == Control.magic, 1...LockName.maximumLength ~= length,
            number(at: 8, UInt64.self) == checksum(16..<96 + (length + 7) / 8 * 8)
        else { return nil }
        var control = Control(name: Array(bytes[96..<96 + length]))
        control.queue.epoch = number(at: 16)
        control.queue.first = number(at: 24)
        control.queue.granted = number(at: 32)
        control.queue.tail = number(at: 40)
        control.queue.lastToken = FencingToken(rawValue: number(at: 48))
        control.queue.limit = number(at: 56)
        control.queue.holders = number(at: 64)
        control.queue.waiters = number(at: 68)
        control.queue.permits = number(at: 72)
        control.area = UInt64(number(at: 80, UInt32.self))
        control.capacity = UInt64(number(at: 84, UInt32.self))
        switch bytes[76] {
        case 0: control.queue.heldKind = .exclusive
        case 1: control.queue.heldKind = .shared
        case 2: control.queue.heldKind = .permit
        default: return nil
        }
        return control.isSound ? control : nil
    }

    /// Writes the control block.
    mutating func write(_ control: Control) {
        set(Control.magic, at: 0)
        set(control.queue.epoch, at: 16)
        set(control.queue.first, at: 24)
        set(control.queue.granted, at: 32)
        set(control.queue.tail, at: 40)
        set(control.queue.lastToken.rawValue, at: 48)
        set(control.queue.limit, at: 56)
        set(control.queue.holders, at: 64)
        set(control.queue.waiters, at: 68)
        set(control.queue.permits, at: 72)
        switch control.queue.heldKind {
        case .exclusive: bytes[76] = 0
        case .shared: bytes[76] = 1
        case .permit: bytes[76] = 2
        }
        set(UInt32(control.area), at: 80)
        set(UInt32(control.capacity), at: 84)
        set(UInt16(control.name.count), at: 92)
        bytes.replaceSubrange(96..<96 + control.name.count, with: control.name)
        sealControl()
    }

    /// Computes the checksum of a control block whose other bytes are in place.
    mutating func sealControl() {
        let length = min(Int(number(at: 92, UInt16.self)), LockName.maximumLength)
        set(checksum(16..<96 + (length + 7) / 8 * 8), at: 8)
    }
}

extension QueuePage.Control {
    /// Whether the numbers can be true; the checksum may have been made by somebody else.
    fileprivate var isSound: Bool {
        let hasRoom = capacity == UInt64(QueuePage.slotsOfFirst) && area == 0
        let isRing =
            area > 0 && capacity > 0 && capacity <= Self.maximumCapacity
            && capacity % UInt64(QueuePage.slotsOfOthers) == 0
        return (hasRoom || isRing) && queue.first <= queue.granted && queue.granted <= queue.tail
            && queue.tail < 1 << 62 && queue.tail - queue.first <= capacity
            && queue.lastToken.rawValue <= UInt64(Int64.max) && queue.epoch < 1 << 62
    }
}

extension UInt64 {
    /// The number whose little-endian bytes are those of `text`.
    init(littleEndianText text: StaticString) {
        self = UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
            .reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
}
