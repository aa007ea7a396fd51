/// The slow check, every few seconds while anything is held or waited for, that nobody has taken the files away: only where
/// the kernel cannot tell, see ``PlaceWatch``.
struct Inspection {
    private let session: FileSession
    private var position = 0

    /// How many names are looked at in one go.
    private static let batch = 32

    init(_ session: FileSession) {
        self.session = session
    }

    /// Looks at the session's own files, and at some of its lock files, the next ones each time.
    ///
    /// - Returns: `false` if the session is broken: others cannot see it any more.
    mutating func run() -> Bool {
        session.directory.keepFromAging()
        guard session.isInPlace else { return false }
        for name in next(of: session.registry.names.sorted()) { session.checkPlace(of: name) }
        position += 1
        return true
    }

    private func next<Element>(of all: [Element]) -> ArraySlice<Element> {
        guard all.count > Self.batch else { return all[...] }
        let batches = (all.count + Self.batch - 1) / Self.batch
        return all.dropFirst(position % batches * Self.batch).prefix(Self.batch)
    }
}
