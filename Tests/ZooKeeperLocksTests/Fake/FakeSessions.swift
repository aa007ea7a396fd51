/// The sessions of an ensemble, which the leader keeps. Times are in nanoseconds.
struct FakeSessions {
    struct Session {
        let timeout: Int64
        /// When it ends, unless it is heard of before; a multiple of a tick.
        var end: Int64
        /// The server whose requests are its own.
        var server: Int?
    }

    private(set) var sessions: [Int64: Session] = [:]
    /// Nothing ends before; not always the earliest end.
    private var earliest: Int64 = .max
    let tick: Int64

    init(tick: Int64) {
        self.tick = tick
    }

    func contains(_ id: Int64) -> Bool { sessions[id] != nil }

    /// When ``ended(at:)`` can have something to say; `.max` for never.
    var nextEnd: Int64 { sessions.isEmpty ? .max : earliest }

    /// A new session.
    mutating func begin(_ id: Int64, timeout: Int64, at now: Int64, server: Int?) {
        let end = end(after: timeout, at: now)
        sessions[id] = Session(timeout: timeout, end: end, server: server)
        earliest = min(earliest, end)
    }

    /// There was a sign of life.
    ///
    /// - Parameters:
    ///   - id: The session.
    ///   - timeout: For how long it goes on.
    ///   - now: When.
    /// - Returns: Whether there is such a session.
    mutating func touch(_ id: Int64, timeout: Int64, at now: Int64) -> Bool {
        guard sessions[id] != nil else { return false }
        let end = end(after: timeout, at: now)
        sessions[id]?.end = end
        earliest = min(earliest, end)
        return true
    }

    /// The session continues on a server.
    mutating func move(_ id: Int64, to server: Int) { sessions[id]?.server = server }

    mutating func remove(_ id: Int64) { sessions[id] = nil }

    /// A new leader gives all of them their whole time, and does not know yet where they are.
    mutating func renewAll(at now: Int64) {
        earliest = .max
        for (id, session) in sessions { begin(id, timeout: session.timeout, at: now, server: nil) }
    }

    /// The sessions whose time is over, in an order that is always the same.
    mutating func ended(at now: Int64) -> [Int64] {
        guard now >= earliest else { return [] }
        let ended = sessions.filter { $0.value.end <= now }.keys.sorted()
        earliest = sessions.values.lazy.map(\.end).filter { $0 > now }.min() ?? .max
        return ended
    }

    private func end(after timeout: Int64, at now: Int64) -> Int64 { ((now + timeout) / tick + 1) * tick }
}
