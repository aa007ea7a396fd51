import Synchronization

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// An open lock file, and the short critical sections in which its queue is read and changed.
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
        /// The file holds no queue, and its name is not known.
        case empty
    }

    /// Its name in the directory of lock files.
    let fileName: String
    /// Which file it is.
    let identity: FileIdentity
    private let name: LockName?
    private let directory: LockDirectory
    private let file: Descriptor
    /// The first page; also keeps the threads of this process apart, which share the guard.
    private let page: Mutex<[UInt8]>

    private init(file: Descriptor, identity: FileIdentity, fileName: String, name: LockName?, directory: LockDirectory)
    {
        self.file = file
        self.identity = identity
        self.fileName = fileName
        self.name = name
        self.directory = directory
        page = Mutex([UInt8](repeating: 0, count: QueuePage.size))
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

    /// Opens a lock file whose name stands in it.
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

    /// Runs `change` on the queue while no other process does, and writes what it leaves. Never blocks for long.
    ///
    /// If the process is killed at any moment, the queue is whole.
    ///
    /// - Parameters:
    ///   - checksPlace: Whether to make sure that the file is still there; whoever holds the lock need not.
    ///   - change: Changes the queue, and has the name.
    /// - Returns: What `change` returned, or why it did not run.
    /// - Throws: What `change` throws, or why the file cannot be read or written; then the queue is as it was, or as after
    ///   some of the steps.
    package func attempt<Result: Sendable>(
        checksPlace: Bool = true,
        _ change: (inout FileQueue, LockName) throws(LockError) -> Result
    ) throws(LockError) -> Attempt<Result> {
        try guarded(checksPlace: checksPlace) { queue throws(LockError) in
            guard var opened = queue.take() else { return .empty }
            defer { queue = opened }
            let name = try checkedName(opened)
            let result = try change(&opened, name)
            try opened.commit()
            return .done(result)
        }
    }

    /// Removes the file if nobody holds or waits for its lock.
    ///
    /// - Parameter raise: Called before with the last token; answers whether it has been kept elsewhere.
    /// - Returns: Whether it is gone.
    /// - Throws: Why it cannot be read or removed.
    package func removeIfIdle(
        keeping raise: (FencingToken) throws(LockError) -> Bool
    ) throws(LockError) -> Bool {
        let attempt = try guarded(checksPlace: true) { queue throws(LockError) -> Attempt<Bool> in
            if let queue {
                guard queue.control.isIdle else { return .done(false) }
                if !queue.isNew {
                    guard try raise(queue.control.lastToken) else { return .done(false) }
                }
            }
            do throws(PlatformErrno) {
                try directory.locks.remove(fileName)
            } catch {
                throw explain(error, "remove")
            }
            return .done(true)
        }
        return switch attempt {
        case .done(let isGone): isGone
        case .removed: true
        case .busy, .empty: false
        }
    }

    /// Makes the file look used just now.
    func touch() {
        file.touch()
    }

    private func guarded<Result: Sendable>(
        checksPlace: Bool,
        _ body: (inout FileQueue?) throws(LockError) -> Attempt<Result>
    ) throws(LockError) -> Attempt<Result> {
        try page.withLock { page throws(LockError) in
            do throws(PlatformErrno) {
                guard try file.tryLock(exclusive: true) else { return .busy }
            } catch {
                throw explain(error, "lock")
            }
            defer { file.unlock() }
            if checksPlace {
                guard let info = try? file.attributes(), info.st_nlink > 0 else { return .removed }
            }
            var length = try readPage(&page, at: 0)
            if try isIdleInFormerFormat(page) {
                file.cut(to: 0)
                length = 0
            }
            if length < QueuePage.size {
                guard length == 0 else { throw damaged() }
                for index in page.indices { page[index] = 0 }
            }
            var queue = try FileQueue(QueuePage(bytes: page), name: name, in: self)
            return try body(&queue)
        }
    }

    private func readPage(_ bytes: inout [UInt8], at offset: Int) throws(LockError) -> Int {
        do throws(PlatformErrno) {
            return try file.read(into: &bytes, 0..<QueuePage.size, at: offset)
        } catch {
            throw explain(error, "read")
        }
    }

    /// Whether the file was written before the first release, and nobody holds or waits: it had two slots of 1 MiB then, with
    /// the name and the last token before the counts, and the one with the larger number of the two counted.
    private func isIdleInFormerFormat(_ page: [UInt8]) throws(LockError) -> Bool {
        guard QueuePage(bytes: page).magic == QueuePage.Control.formerMagic else { return false }
        var other = [UInt8](repeating: 0, count: QueuePage.size)
        _ = try readPage(&other, at: 1 << 20)
        let slots = [QueuePage(bytes: page), QueuePage(bytes: other)]
        guard let newest = slots.max(by: { $0.number(at: 8, UInt64.self) < $1.number(at: 8, UInt64.self) }) else {
            return false
        }
        let counts = 42 + Int(newest.number(at: 32, UInt16.self))
        return counts <= QueuePage.size - 8 && newest.number(at: counts, UInt64.self) == 0
    }

    private func checkedName(_ queue: FileQueue) throws(LockError) -> LockName {
        guard let name else {
            guard let found = try? LockName(bytes: queue.header.name) else { throw damaged() }
            return found
        }
        guard queue.header.name.elementsEqual(name.text.utf8) || queue.header.name == name.bytes else {
            let other = String(decoding: queue.header.name, as: UTF8.self)
            throw .storeFailed(
                store: directory.label,
                reason: """
                    \(directory.path(ofLock: fileName)) belongs to another lock, "\(other)", whose long name \
                    leads to the same file as "\(name)"; rename one of the two
                    """
            )
        }
        return name
    }

    private func explain(_ error: PlatformErrno, _ action: String) -> LockError {
        directory.explain(error, trying: action, directory.path(ofLock: fileName))
    }
}

// MARK: - Pages

extension LockFile: FileQueue.Pages {
    func read(_ page: UInt64, into bytes: inout [UInt8]) throws(LockError) -> Bool {
        guard page < 1 << 32 else { return false }
        return try readPage(&bytes, at: Int(page) * QueuePage.size) == QueuePage.size
    }

    func write(_ bytes: [UInt8], at page: UInt64) throws(LockError) {
        do throws(PlatformErrno) {
            try file.write(bytes, at: Int(page) * QueuePage.size)
        } catch {
            throw explain(error, "write")
        }
    }

    func cut() {
        file.cut(to: QueuePage.size)
    }

    func full() -> LockError {
        .storeFailed(
            store: directory.label,
            reason: "the queue of \(directory.path(ofLock: fileName)) is full; too many wait for this lock"
        )
    }

    func damaged() -> LockError {
        .storeFailed(
            store: directory.label,
            reason: """
                \(directory.path(ofLock: fileName)) is damaged, or was written by another version; end the programs that \
                hold or wait for this lock, then remove the file
                """
        )
    }
}
