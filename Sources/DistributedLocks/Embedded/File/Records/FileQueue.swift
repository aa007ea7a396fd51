/// The queue of one name in its lock file, during one critical section: see ``QueueStorage`` for the order of writes, and
/// ``QueuePage`` for the bytes.
///
/// As long as few hold and wait, all there is stands in the first page, so that a step is one read and one write. A larger
/// ring has pages of its own, and goes when nobody is left.
package struct FileQueue: QueueStorage {
    package typealias Tag = SessionTag

    /// Where the pages come from and go to.
    protocol Pages {
        /// Reads a page; `nil` if the file ends before its end.
        func read(_ page: UInt64, into bytes: inout [UInt8]) throws(LockError) -> Bool
        /// Writes whole pages, beginning with the one given.
        func write(_ bytes: [UInt8], at page: UInt64) throws(LockError)
        /// Cuts the file to one page.
        func cut()
        /// The error for bytes that make no sense.
        func damaged() -> LockError
        /// The error for a queue that is too long.
        func full() -> LockError
    }

    private let file: any Pages
    private(set) var header: QueuePage.Control
    private let before: QueuePage.Control?
    private(set) var firstPage: QueuePage
    private var pages: [UInt64: QueuePage] = [:]
    /// The page that differs from the file. There is one at the most, so that all is written in its order.
    private var dirty: UInt64?

    /// Begins a section; `nil` if nothing has ever been written, and there is no name.
    ///
    /// - Parameters:
    ///   - firstPage: The first page of the file.
    ///   - name: What the file is for if it is new.
    ///   - file: The file.
    /// - Throws: If the page is damaged.
    init?(_ firstPage: QueuePage, name: LockName?, in file: any Pages) throws(LockError) {
        self.file = file
        self.firstPage = firstPage
        if let control = firstPage.control {
            header = control
            before = control
        } else if firstPage.isBlank {
            guard let name else { return nil }
            header = QueuePage.Control(name: name.bytes)
            before = nil
        } else {
            throw file.damaged()
        }
    }

    /// Whether the file has not been written yet.
    package var isNew: Bool { before == nil }

    package var control: QueueControl {
        get { header.queue }
        set { header.queue = newValue }
    }

    package var capacity: UInt64 { header.capacity }

    package var nextCapacity: UInt64 { header.area == 0 ? UInt64(QueuePage.slotsOfOthers) * 4 : header.capacity * 2 }

    package mutating func slot(at position: UInt64) throws(LockError) -> QueueSlot<SessionTag> {
        let (page, offset) = place(of: position)
        try load(page)
        guard let slot = page == 0 ? firstPage.slot(at: offset) : pages[page]?.slot(at: offset) else {
            throw file.damaged()
        }
        return slot
    }

    package mutating func entry(at position: UInt64) throws(LockError) -> QueueEntry<SessionTag>? {
        guard case .live = try slot(at: position) else { return nil }
        let (page, offset) = place(of: position)
        guard let entry = page == 0 ? firstPage.entry(at: offset) : pages[page]?.entry(at: offset) else {
            throw file.damaged()
        }
        return entry
    }

    package mutating func put(_ entry: QueueEntry<SessionTag>, at position: UInt64) throws(LockError) {
        try change(position) { $0.put(entry, at: $1) }
    }

    package mutating func clear(at position: UInt64, previous: UInt64?, next: UInt64) throws(LockError) {
        try change(position) { $0.clear(at: $1, previous: previous, next: next) }
    }

    package mutating func grant(
        at position: UInt64,
        _ token: FencingToken,
        since: UnixTime?,
        tag: SessionTag
    ) throws(LockError) {
        try change(position) { $0.grant(at: $1, token, since: since, tag: tag) }
    }

    package mutating func commit() throws(LockError) {
        if header.queue.isIdle, header.area != 0 {
            header.area = 0
            header.capacity = UInt64(QueuePage.slotsOfFirst)
        }
        if dirty != 0 { try flush() }
        guard header != before || dirty == 0 else { return }
        firstPage.write(header)
        try file.write(firstPage.bytes, at: 0)
        dirty = nil
        if header.area == 0, let before, before.area != 0 { file.cut() }
    }

    package mutating func rebuild(capacity: UInt64, moves: [(from: UInt64, to: UInt64)]) throws(LockError) {
        guard capacity <= QueuePage.Control.maximumCapacity else { throw file.full() }
        try flush()
        let perPage = UInt64(QueuePage.slotsOfOthers)
        // A ring of four that is full is never replaced by one of its own size: that has no pages of its own.
        let capacity = max(capacity, perPage)
        let capacityInPages = (capacity + perPage - 1) / perPage
        let start = header.area > capacityInPages ? 1 : header.area + max(1, (header.capacity + perPage - 1) / perPage)
        let area = header.area == 0 ? 1 : start
        var bytes = [UInt8](repeating: 0, count: Int(capacityInPages) * QueuePage.size)
        for (from, to) in moves {
            let (page, offset) = place(of: from)
            try load(page)
            let index = to % (capacityInPages * perPage)
            let target = Int(index / perPage) * QueuePage.size + Int(index % perPage) * QueuePage.slotSize
            let source = page == 0 ? firstPage.bytes : pages[page]?.bytes ?? []
            bytes.replaceSubrange(
                target..<target + QueuePage.slotSize,
                with: source[offset..<offset + QueuePage.slotSize]
            )
        }
        try file.write(bytes, at: area)
        pages = [:]
        header.area = area
        header.capacity = capacityInPages * perPage
    }

    private func place(of position: UInt64) -> (page: UInt64, offset: Int) {
        let index = position % header.capacity
        guard header.area != 0 else { return (0, QueuePage.Control.size + Int(index) * QueuePage.slotSize) }
        let perPage = UInt64(QueuePage.slotsOfOthers)
        return (header.area + index / perPage, Int(index % perPage) * QueuePage.slotSize)
    }

    private mutating func load(_ page: UInt64) throws(LockError) {
        guard page != 0, pages[page] == nil else { return }
        var loaded = QueuePage()
        guard try file.read(page, into: &loaded.bytes) else { throw file.damaged() }
        pages[page] = loaded
    }

    private mutating func change(
        _ position: UInt64,
        _ body: (inout QueuePage, Int) -> Void
    ) throws(LockError) {
        let (page, offset) = place(of: position)
        if dirty != page { try flush() }
        try load(page)
        dirty = page
        if page == 0 {
            body(&firstPage, offset)
        } else if let index = pages.index(forKey: page) {
            body(&pages.values[index], offset)
        }
    }

    private mutating func flush() throws(LockError) {
        guard let page = dirty else { return }
        try file.write(page == 0 ? firstPage.bytes : pages[page]?.bytes ?? [], at: page)
        dirty = nil
    }
}
