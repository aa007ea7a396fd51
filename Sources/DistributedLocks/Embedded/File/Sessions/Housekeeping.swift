/// What a session's thread looks after besides messages: that the files are in their places, that they do not look old, and
/// that those go which nobody needs.
struct Housekeeping {
    typealias Instant = ContinuousClock.Instant

    private let session: FileSession
    /// Tells of files that are taken away; `nil` before the first beat, and where the system does not tell.
    private(set) var places: PlaceWatch?
    private var isBlind = false
    private var hasBegun = false
    private var isParked = false
    private var nextBeat: Instant
    private var nextTick: Instant
    private var nextTouch: Instant
    private var nextRetirement: Instant
    private var retirementMark: UInt64 = 0
    private var inspection: Inspection
    private var sweeper: Sweeper?

    /// What has lasted as long as this is worth a watch.
    private static let beat = Duration.milliseconds(100)

    init(_ session: FileSession, at now: Instant) {
        self.session = session
        inspection = Inspection(session)
        nextBeat = now.advanced(by: Self.beat)
        nextTick = now.advanced(by: session.configuration.tickInterval)
        nextTouch = now.advanced(by: session.configuration.touchInterval)
        nextRetirement = now.advanced(by: session.configuration.retirementInterval)
    }

    /// When there is something to do next.
    var next: Instant {
        var next = nextTouch
        if !isParked { next = min(next, nextBeat) }
        if isBlind, !session.registry.isEmpty { next = min(next, nextTick) }
        if !session.cache.isEmpty { next = min(next, nextRetirement) }
        return next
    }

    /// Does what is due.
    ///
    /// - Returns: Whether sessions that are watched should be looked at.
    mutating func run(at now: Instant) -> Bool {
        // Somebody has used the session since it was parked.
        if isParked, session.thread.isUsed {
            isParked = false
            nextBeat = now.advanced(by: Self.beat)
        }
        if !isParked, now >= nextBeat { beat(at: now) }
        if now >= nextTouch { touch(at: now) }
        if now >= nextRetirement { retire(at: now) }
        guard isBlind, now >= nextTick else { return false }
        nextTick = now.advanced(by: session.configuration.tickInterval)
        if !inspection.run() { session.breakDown() }
        return true
    }

    private mutating func beat(at now: Instant) {
        nextBeat = now.advanced(by: Self.beat)
        if !hasBegun { begin() }
        let (started, ended) = session.registry.ageNames()
        for name in ended { places?.remove(name) }
        for name in started {
            if let isWatched = places?.add(name), !isWatched { giveUpWatching() }
            // It may have been taken away before it was watched.
            session.checkPlace(of: name)
        }
        if sweeper?.run() == false { sweeper = nil }
        isParked = session.thread.parks(ifSettled: session.registry.namesAreSettled && sweeper == nil)
    }

    private mutating func begin() {
        hasBegun = true
        places = PlaceWatch(session)
        isBlind = places == nil
        if !session.isInPlace { session.breakDown() }
        sweeper = Sweeper(ifDue: session)
    }

    /// The system does not watch that many files: from now on the session looks by itself.
    private mutating func giveUpWatching() {
        places = nil
        isBlind = true
    }

    /// The session ends.
    func end() {
        sweeper?.stop()
    }

    /// Looks at what the kernel has told.
    mutating func checkPlaces() {
        guard let changes = places?.changes(), !changes.isEmpty else { return }
        let isBroken = changes.contains { if case .lock = $0 { false } else { true } } && !session.isInPlace
        if isBroken { return session.breakDown() }
        let names: [LockName] =
            changes.contains(.anything)
            ? session.registry.names : changes.compactMap { if case .lock(let name) = $0 { name } else { nil } }
        for name in names { session.checkPlace(of: name) }
    }

    private mutating func touch(at now: Instant) {
        nextTouch = now.advanced(by: session.configuration.touchInterval)
        session.touch()
    }

    private mutating func retire(at now: Instant) {
        nextRetirement = now.advanced(by: session.configuration.retirementInterval)
        for file in session.cache.take(unusedSince: retirementMark) { session.retire(file) }
        retirementMark = session.cache.uses
    }
}

extension FileSession {
    /// Makes the files that this session needs look used just now.
    func touch() {
        directory.touch()
        files.touch()
        for name in registry.names {
            guard let file = cache[name] ?? (try? LockFile.open(name, in: directory, creating: false, makeRoom: {}))
            else {
                continue
            }
            file.touch()
        }
    }
}
