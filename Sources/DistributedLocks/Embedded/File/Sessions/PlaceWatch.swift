#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Has the kernel tell when somebody removes or moves the session's files, the directories on the way to them, or a lock
/// file of a name that is held or waited for: `inotify` on Linux. Elsewhere, and where the system has no more of it to
/// give, there is none, and ``Inspection`` looks now and then.
struct PlaceWatch {
    /// What may not be in its place any more.
    enum Change: Hashable {
        case session
        case lock(LockName)
        /// More has happened than the kernel remembers.
        case anything
    }

    private let session: FileSession
    private let queue: Descriptor
    private var meanings: [Int32: Change] = [:]
    private var watches: [LockName: Int32] = [:]

    #if os(Linux) || os(Android)
        // Removing a file that is open somewhere is seen as a change of its attributes.
        private static let ofFiles = UInt32(IN_DELETE_SELF | IN_MOVE_SELF | IN_ATTRIB)
        private static let ofDirectories = UInt32(IN_DELETE_SELF | IN_MOVE_SELF)

        /// Begins to watch the session's files and directories.
        ///
        /// - Returns: `nil` if the system does not watch.
        init?(_ session: FileSession) {
            guard let queue = try? Descriptor.watchingFiles() else { return nil }
            self.session = session
            self.queue = queue
            for path in session.directory.placesToWatch {
                guard let watch = add(path, Self.ofDirectories) else { return nil }
                meanings[watch] = .session
            }
            for name in [SessionFileName.alive, .wake] {
                let path = session.directory.path(ofSession: name.of(session.id))
                guard let watch = add(path, Self.ofFiles) else { return nil }
                meanings[watch] = .session
            }
        }

        /// Watches the lock file of `name` from now on.
        ///
        /// - Returns: `false` if the system does not watch any more files.
        mutating func add(_ name: LockName) -> Bool {
            guard watches[name] == nil else { return true }
            let path = session.directory.path(ofLock: LockFileName.encode(name))
            guard let watch = add(path, Self.ofFiles) else { return errno == ENOENT }
            watches[name] = watch
            meanings[watch] = .lock(name)
            return true
        }

        /// Watches the lock file of `name` no more.
        mutating func remove(_ name: LockName) {
            guard let watch = watches.removeValue(forKey: name) else { return }
            meanings[watch] = nil
            _ = queue.withNumber { inotify_rm_watch($0, watch) }
        }

        private func add(_ path: String, _ events: UInt32) -> Int32? {
            let watch = queue.withNumber { inotify_add_watch($0, path, events) }
            return watch >= 0 ? watch : nil
        }

        /// What has changed since the last time.
        mutating func changes() -> Set<Change> {
            var result: Set<Change> = []
            var buffer = [UInt8](repeating: 0, count: 16_384)
            while true {
                let count = queue.withNumber { number in
                    buffer.withUnsafeMutableBytes { read(number, $0.baseAddress, $0.count) }
                }
                guard count > 0 else { return result }
                var offset = 0
                // An event: the watch, what happened, a cookie, the length of the name that follows.
                while offset + 16 <= count {
                    let (watch, length, events) = buffer.withUnsafeBytes { bytes in
                        (
                            bytes.loadUnaligned(fromByteOffset: offset, as: Int32.self),
                            bytes.loadUnaligned(fromByteOffset: offset + 12, as: UInt32.self),
                            bytes.loadUnaligned(fromByteOffset: offset + 4, as: UInt32.self)
                        )
                    }
                    if events & UInt32(IN_Q_OVERFLOW) != 0 { result.insert(.anything) }
                    if let meaning = meanings[watch] { result.insert(meaning) }
                    if events & UInt32(IN_IGNORED) != 0, case .lock(let name)? = meanings.removeValue(forKey: watch) {
                        watches[name] = nil
                    }
                    offset += 16 + Int(length)
                }
            }
        }
    #else
        /// There is none.
        init?(_ session: FileSession) { return nil }
        mutating func add(_ name: LockName) -> Bool { false }
        mutating func remove(_ name: LockName) {}
        mutating func changes() -> Set<Change> { [] }
    #endif

    /// Runs `body` with the number of what becomes readable when something has changed.
    func withNumber<Result>(_ body: (Int32) -> Result) -> Result { queue.withNumber { body($0) } }
}
