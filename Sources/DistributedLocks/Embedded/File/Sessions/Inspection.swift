/// The slow check, every few seconds while anything is held or waited for, that nobody has taken the files away, and
/// that no message has been missed.
struct Inspection {
    private let session: FileSession
    private var position = 0

    /// How many held claims, and how many awaited names, are looked at in one go.
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
        for held in next(of: session.registry.held) where !isInPlace(held) {
            session.registry.lose(held.claim.owner, held.token, .removed)
        }
        session.registry.suspect(next(of: Array(session.registry.awaited)))
        position += 1
        return true
    }

    private func isInPlace(_ held: HeldClaim) -> Bool {
        let fileName = LockFileName.encode(held.claim.name)
        guard let found = try? session.directory.locks.attributes(of: fileName) else { return false }
        return FileIdentity(found) == held.file
    }

    private func next<Element>(of all: [Element]) -> ArraySlice<Element> {
        guard all.count > Self.batch else { return all[...] }
        let batches = (all.count + Self.batch - 1) / Self.batch
        return all.dropFirst(position % batches * Self.batch).prefix(Self.batch)
    }
}
