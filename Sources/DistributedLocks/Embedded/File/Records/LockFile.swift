import Synchronization

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// An open lock file, and the short critical sections in which its record is read and changed.
///
/// The file's *guard*, a `flock` on it, is held only for the few system calls of one section, never while somebody
/// holds the lock that the file describes.
package final class LockFile: Sendable {
    /// How a section went.
    package enum Attempt<Result: Sendable>: Sendable {
        case done(Result)
        /// Another process is in a section of this file.
        case busy
        /// The file has been removed meanwhile; open it again.
        case removed
        /// The file holds no record, and its name is not known.
        case empty
    }

    /// What the file held when the section began.
    private struct Contents {
        var record: LockRecord
        var slot: LockSlot
        var sequence: UInt64
        /// Zero for a file that has never been written.
        var allotted: Int
    }

    /// Its name in the directory of lock files.
    let fileName: String
    /// Which file it is.
    let identity: FileIdentity
    private let name: LockName?
    private let directory: LockDirectory
    private let file: Descriptor
    /// The first page of each slot; also keeps the threads of this process apart, which share the guard.
    private let pages: Mutex<[UInt8]>

    private init(file: Descriptor, identity: FileIdentity, fileName: String, name: LockName?, directory: LockDirectory)
    {
        self.file = file
        self.identity = identity
        self.fileName = fileName
        self.name = name
        self.directory = directory
        pages = Mutex([UInt8](repeating: 0, count: 2 * LockSlot.pageSize))
    }

    /// Opens the file of `name`.
    ///
    /// - Parameters:
    ///   - name: The name of the lock.
    ///   - directory: Where the file is.
    ///   - creating: Whether to make it if there is none.
    ///   - makeRoom: Called when no descriptor is left, to close some.
    /// - Returns: `nil` if there is none and it is not to be created.
    /// - Throws: Why it cannot be opened.
    static func open(
        _ name: LockName,
        in directory: LockDirectory,
        creating: Bool,
        makeRoom: @escaping () -> Void
    ) throws(LockError) -> LockFile? {
        try open(LockFileName.encode(name), of: name, in: directory, creating: creating, makeRoom: makeRoom)
    }

    /// Opens a lock file whose name is found in its record.
    package static func open(fileName: String, in directory: LockDirectory) throws(LockError) -> LockFile? {
        try open(fileName, of: nil, in: directory, creating: false, makeRoom: {})
    }

    private static func open(
        _ fileName: String,
        of name: LockName?,
        in directory: LockDirectory,
        creating: Bool,
        makeRoom: @escaping () -> Void
    ) throws(LockError) -> LockFile? {
        do throws(PlatformErrno) {
            let flags = O_RDWR | O_NONBLOCK | (creating ? O_CREAT : 0)
            let file = try Descriptor.open(fileName, in: directory.locks, flags, makeRoom: makeRoom)
            let info = try file.attributes()
            guard info.kind == S_IFREG else { throw PlatformErrno(code: EINVAL) }
            if info.st_mode & 0o777 != 0o600 { try file.makePrivate() }
            let identity = FileIdentity(info)
            return LockFile(file: file, identity: identity, fileName: fileName, name: name, directory: directory)
        } catch {
            if error.code == ENOENT, !creating { return nil }
            throw directory.explain(error, trying: "open", directory.path(ofLock: fileName))
        }
    }

    /// Runs `change` on the record while no other process does, and writes what it leaves. Never blocks for long.
    ///
    /// If the process is killed at any moment, the file holds the record from before or the one from after.
    ///
    /// - Throws: What `change` throws, or why the file cannot be read or written; then the record is as it was.
    package func attempt<Result: Sendable>(
        _ change: (inout LockRecord) throws(LockError) -> Result
    ) throws(LockError) -> Attempt<Result> {
        try guarded { pages throws(LockError) in
            guard let before = try read(&pages) else { return .empty }
            var record = before.record
            let result = try change(&record)
            if record != before.record { try write(record, after: before) }
            return .done(result)
        }
    }

    /// Removes the file if nobody holds or waits for its lock.
    ///
    /// - Parameter quietSince: The last token must be older than this.
    /// - Throws: Why it cannot be read or removed.
    package func removeIfIdle(quietSince: UnixTime) throws(LockError) {
        _ = try guarded { pages throws(LockError) in
            if let contents = try read(&pages) {
                let lastToken = Int64(clamping: contents.record.queue.lastToken.rawValue)
                guard contents.record.queue.isIdle, lastToken < quietSince.microseconds else { return .done(()) }
            }
            do throws(PlatformErrno) {
                try directory.locks.remove(fileName)
            } catch {
                throw directory.explain(error, trying: "remove", directory.path(ofLock: fileName))
            }
            return .done(())
        }
    }

    private func guarded<Result: Sendable>(
        _ body: (inout [UInt8]) throws(LockError) -> Attempt<Result>
    ) throws(LockError) -> Attempt<Result> {
        try pages.withLock { pages throws(LockError) in
            do throws(PlatformErrno) {
                guard try file.tryLock(exclusive: true) else { return .busy }
            } catch {
                throw directory.explain(error, trying: "lock", directory.path(ofLock: fileName))
            }
            defer { file.unlock() }
            guard let info = try? file.attributes(), info.st_nlink > 0 else { return .removed }
            return try body(&pages)
        }
    }
}

// MARK: - Slots

extension LockFile {
    /// Reads the newer of the two records that is whole.
    ///
    /// - Returns: `nil` if there is none yet, and the lock's name is not known.
    private func read(_ pages: inout [UInt8]) throws(LockError) -> Contents? {
        let counts = try readPages(&pages)
        var found: [(slot: LockSlot, header: LockSlot.Header)] = []
        for slot in LockSlot.allCases {
            let page = page(of: slot, in: pages, count: counts[slot == .first ? 0 : 1])
            if let header = LockSlot.Header(page) { found.append((slot, header)) }
        }
        if found.count == 2, found[0].header.sequence < found[1].header.sequence { found.swapAt(0, 1) }
        for (slot, header) in found {
            if let record = try record(in: slot, header, pages, count: counts[slot == .first ? 0 : 1]) {
                try checkName(record)
                return Contents(record: record, slot: slot, sequence: header.sequence, allotted: header.allotted)
            }
        }
        // The second slot is written before the first one ever is. So while that is blank, all that can have happened
        // is that the file's very first write was cut short.
        guard page(of: .first, in: pages, count: counts[0]).allSatisfy({ $0 == 0 }) else { throw damaged }
        return name.map { Contents(record: LockRecord(name: $0), slot: .second, sequence: 0, allotted: 0) }
    }

    private func readPages(_ pages: inout [UInt8]) throws(LockError) -> [Int] {
        do throws(PlatformErrno) {
            let size = LockSlot.pageSize
            return [
                try file.read(into: &pages, 0..<size, at: LockSlot.first.offset),
                try file.read(into: &pages, size..<2 * size, at: LockSlot.second.offset),
            ]
        } catch {
            throw directory.explain(error, trying: "read", directory.path(ofLock: fileName))
        }
    }

    private func page(of slot: LockSlot, in pages: [UInt8], count: Int) -> ArraySlice<UInt8> {
        let start = slot == .first ? 0 : LockSlot.pageSize
        return pages[start..<start + count]
    }

    private func record(
        in slot: LockSlot,
        _ header: LockSlot.Header,
        _ pages: [UInt8],
        count: Int
    ) throws(LockError) -> LockRecord? {
        let size = LockSlot.headerSize + header.length
        guard size > LockSlot.pageSize else { return LockSlot.decode(page(of: slot, in: pages, count: count), header) }
        var bytes = [UInt8](repeating: 0, count: size)
        do throws(PlatformErrno) {
            let read = try file.read(into: &bytes, 0..<size, at: slot.offset)
            return LockSlot.decode(bytes.prefix(read), header)
        } catch {
            throw directory.explain(error, trying: "read", directory.path(ofLock: fileName))
        }
    }

    private func checkName(_ record: LockRecord) throws(LockError) {
        guard let name, record.name != name else { return }
        throw .storeFailed(
            store: directory.label,
            reason: """
                \(directory.path(ofLock: fileName)) belongs to another lock, "\(record.name)", whose long name \
                leads to the same file as "\(name)"; rename one of the two
                """
        )
    }

    private var damaged: LockError {
        .storeFailed(
            store: directory.label,
            reason: """
                \(directory.path(ofLock: fileName)) is damaged; end the programs that hold or wait for this lock, then \
                remove the file
                """
        )
    }

    /// Writes `record` into the slot that does not hold the present one.
    private func write(_ record: LockRecord, after before: Contents) throws(LockError) {
        guard let bytes = LockSlot.encode(record, sequence: before.sequence + 1, allotted: before.allotted) else {
            throw .storeFailed(store: directory.label, reason: "the queue of \"\(record.name)\" is full")
        }
        do throws(PlatformErrno) {
            if before.allotted == 0 { try initialize(before.record) }
            let allotted = max(before.allotted, LockSlot.pageSize)
            if bytes.count > allotted, let header = LockSlot.Header(bytes[...]) {
                for slot in LockSlot.allCases { try fill(slot, from: allotted, to: header.allotted) }
            }
            try file.write(bytes, at: before.slot.other.offset)
        } catch {
            throw directory.explain(error, trying: "write", directory.path(ofLock: fileName))
        }
    }

    /// Gives both slots of a new file their space, and the second one a first record.
    private func initialize(_ record: LockRecord) throws(PlatformErrno) {
        for slot in LockSlot.allCases { try fill(slot, from: 0, to: LockSlot.pageSize) }
        guard let bytes = LockSlot.encode(record, sequence: 0, allotted: LockSlot.pageSize) else { return }
        try file.write(bytes, at: LockSlot.second.offset)
    }

    /// Takes space on the disk beforehand, so that a later release cannot fail for want of it.
    private func fill(_ slot: LockSlot, from start: Int, to end: Int) throws(PlatformErrno) {
        try file.write([UInt8](repeating: 0, count: end - start), at: slot.offset + start)
    }
}
