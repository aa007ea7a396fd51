// One entry in a slot. Its first number is the checksum of what follows.

extension QueuePage {
    typealias Entry = QueueEntry<SessionTag>

    private enum Field {
        static let host: UInt8 = 1
        static let process: UInt8 = 2
        static let label: UInt8 = 4
        static let waiting: UInt8 = 8
        static let held: UInt8 = 16
        static let kept: UInt8 = 32
    }

    private enum State {
        static let live: UInt8 = 1
        static let gone: UInt8 = 2
    }

    /// Where the texts begin.
    private static let texts = 112
    /// How long the host and the label may be together.
    private static let maximumText = slotSize - texts

    /// What the slot at an offset says; `nil` if it is damaged.
    func slot(at offset: Int) -> QueueSlot<SessionTag>? {
        guard let length = length(at: offset),
            number(at: offset, UInt64.self) == checksum(offset + 8..<offset + length)
        else { return nil }
        if bytes[offset + 70] == State.gone {
            let previous: UInt64 = number(at: offset + 8)
            return .gone(previous: previous == .max ? nil : previous, next: number(at: offset + 16))
        }
        guard let mode = mode(at: offset) else { return nil }
        let token: UInt64 = number(at: offset + 40)
        guard token <= UInt64(Int64.max) else { return nil }
        return .live(
            QueueMark(
                owner: OwnerID(high: number(at: offset + 8), low: number(at: offset + 16)),
                mode: mode,
                tag: tag(at: offset),
                token: token == 0 ? nil : FencingToken(rawValue: token)
            )
        )
    }

    /// The whole entry in the slot at an offset; `nil` if it is damaged or nobody's.
    func entry(at offset: Int) -> Entry? {
        guard case .live(let mark)? = slot(at: offset) else { return nil }
        let flags = bytes[offset + 69]
        let hostEnd = offset + Self.texts + Int(number(at: offset + 72, UInt16.self))
        let labelEnd = hostEnd + Int(number(at: offset + 74, UInt16.self))
        guard let host = text(offset + Self.texts..<hostEnd), let label = text(hostEnd..<labelEnd) else { return nil }
        let holder = Holder(
            host: flags & Field.host == 0 ? nil : host,
            processID: flags & Field.process == 0 ? nil : number(at: offset + 64),
            label: flags & Field.label == 0 ? nil : label,
            waitingSince: flags & Field.waiting == 0 ? nil : UnixTime(microseconds: number(at: offset + 48)),
            heldSince: flags & Field.held == 0 ? nil : UnixTime(microseconds: number(at: offset + 56))
        )
        return Entry(owner: mark.owner, mode: mark.mode, holder: holder, tag: mark.tag, token: mark.token)
    }

    /// Writes an entry into the slot at an offset.
    mutating func put(_ entry: Entry, at offset: Int) {
        var flags: UInt8 = 0
        let holder = entry.holder
        set(entry.owner.high, at: offset + 8)
        set(entry.owner.low, at: offset + 16)
        set(entry.token?.rawValue ?? 0, at: offset + 40)
        if let since = holder.waitingSince { flags |= Field.waiting; set(since.microseconds, at: offset + 48) }
        if let since = holder.heldSince { flags |= Field.held; set(since.microseconds, at: offset + 56) }
        if let process = holder.processID { flags |= Field.process; set(process, at: offset + 64) }
        if holder.host != nil { flags |= Field.host }
        if holder.label != nil { flags |= Field.label }
        bytes[offset + 69] = flags
        bytes[offset + 70] = State.live
        bytes[offset + 71] = 0
        set(UInt32(0), at: offset + 76)
        put(entry.mode, at: offset)
        put(entry.tag, at: offset)
        let host = (holder.host ?? "").utf8
        let label = (holder.label ?? "").utf8.prefix(Self.maximumText - host.count)
        set(UInt16(host.count), at: offset + 72)
        set(UInt16(label.count), at: offset + 74)
        var end = offset + Self.texts
        for text in [host[...], label] {
            for byte in text {
                bytes[end] = byte
                end += 1
            }
        }
        while (end - offset) % 8 != 0 {
            bytes[end] = 0
            end += 1
        }
        seal(at: offset)
    }

    /// Makes the waiter in the slot at an offset a holder.
    mutating func grant(at offset: Int, _ token: FencingToken, since: UnixTime?, tag: SessionTag) {
        set(token.rawValue, at: offset + 40)
        if let since {
            bytes[offset + 69] |= Field.held
            set(since.microseconds, at: offset + 56)
        }
        put(tag, at: offset)
        seal(at: offset)
    }

    /// Makes the slot at an offset nobody's.
    mutating func clear(at offset: Int, previous: UInt64?, next: UInt64) {
        set(previous ?? .max, at: offset + 8)
        set(next, at: offset + 16)
        bytes[offset + 70] = State.gone
        seal(at: offset)
    }

    /// Computes the checksum of a slot whose other bytes are in place.
    mutating func seal(at offset: Int) {
        guard let length = length(at: offset) else { return }
        set(checksum(offset + 8..<offset + length), at: offset)
    }

    /// How many bytes of a slot mean something; `nil` if it says nothing sensible.
    private func length(at offset: Int) -> Int? {
        switch bytes[offset + 70] {
        case State.gone: return 80
        case State.live:
            let texts = Int(number(at: offset + 72, UInt16.self)) + Int(number(at: offset + 74, UInt16.self))
            return texts <= Self.maximumText ? (Self.texts + texts + 7) / 8 * 8 : nil
        default: return nil
        }
    }

    private func mode(at offset: Int) -> LockMode? {
        switch bytes[offset + 68] {
        case 0: return .exclusive
        case 1: return .shared
        case 2:
            guard let limit = Int(exactly: number(at: offset + 80, Int64.self)), limit > 0 else { return nil }
            return .permit(of: limit)
        default: return nil
        }
    }

    private mutating func put(_ mode: LockMode, at offset: Int) {
        var limit: Int64 = 0
        switch mode {
        case .exclusive: bytes[offset + 68] = 0
        case .shared: bytes[offset + 68] = 1
        case .permit(let count):
            bytes[offset + 68] = 2
            limit = Int64(count)
        }
        set(limit, at: offset + 80)
    }

    private func tag(at offset: Int) -> SessionTag {
        guard bytes[offset + 69] & Field.kept == 0 else {
            let wall = UnixTime(microseconds: number(at: offset + 96))
            return SessionTag(
                keptUntil: KeptUntil(boot: number(at: offset + 104), uptime: number(at: offset + 88), wall: wall)
            )
        }
        return SessionTag(SessionID(high: number(at: offset + 24), low: number(at: offset + 32)))
    }

    private mutating func put(_ tag: SessionTag, at offset: Int) {
        set(tag.session.high, at: offset + 24)
        set(tag.session.low, at: offset + 32)
        set(tag.kept?.uptime ?? 0, at: offset + 88)
        set(tag.kept?.wall.microseconds ?? 0, at: offset + 96)
        set(tag.kept?.boot ?? 0, at: offset + 104)
        if tag.kept != nil { bytes[offset + 69] |= Field.kept } else { bytes[offset + 69] &= ~Field.kept }
    }
}
