import Synchronization

/// The lock files that a session keeps open, so that a busy name costs no `open`.
final class LockFileCache: Sendable {
    private struct Entry {
        let file: LockFile
        var lastUse: UInt64
    }

    private struct State {
        var entries: [LockName: Entry] = [:]
        var uses: UInt64 = 0
    }

    private let state = Mutex(State())
    private let limit: Int

    /// Makes a cache of up to `limit` files; the least recently used one goes first.
    init(limit: Int) {
        self.limit = limit
    }

    /// The open file of `name`.
    subscript(name: LockName) -> LockFile? {
        state.withLock { state in
            guard let index = state.entries.index(forKey: name) else { return nil }
            state.uses += 1
            state.entries.values[index].lastUse = state.uses
            return state.entries.values[index].file
        }
    }

    /// Keeps `file`, unless another one has been kept for the name meanwhile.
    ///
    /// - Returns: The file that is kept, and the one that had to go for it.
    func keep(_ file: LockFile, for name: LockName) -> (kept: LockFile, evicted: LockFile?) {
        state.withLock { state in
            if let known = state.entries[name] { return (known.file, nil) }
            var evicted: LockFile?
            if state.entries.count >= limit, let oldest = state.entries.min(by: { $0.value.lastUse < $1.value.lastUse })
            {
                evicted = oldest.value.file
                state.entries[oldest.key] = nil
            }
            state.uses += 1
            state.entries[name] = Entry(file: file, lastUse: state.uses)
            return (file, evicted)
        }
    }

    /// How often files have been asked for.
    var uses: UInt64 { state.withLock { $0.uses } }

    /// Whether no file is open.
    var isEmpty: Bool { state.withLock { $0.entries.isEmpty } }

    /// Lets go of the files that were asked for last before ``uses`` was `mark`, and returns them.
    func take(unusedSince mark: UInt64) -> [LockFile] {
        state.withLock { state in
            let unused = state.entries.filter { $0.value.lastUse <= mark }
            for name in unused.keys { state.entries[name] = nil }
            return unused.values.map(\.file)
        }
    }

    /// Lets go of all files, and returns them.
    func takeAll() -> [LockFile] { take(unusedSince: .max) }

    /// Lets go of `file`, which has been removed.
    func drop(_ file: LockFile, for name: LockName) {
        state.withLock { state in
            if state.entries[name]?.file === file { state.entries[name] = nil }
        }
    }

    /// Lets go of all files; those in use are closed when they no longer are.
    func clear() {
        state.withLock { $0.entries = [:] }
    }
}
