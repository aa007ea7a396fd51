/// Whose an entry of a lock file is.
package struct SessionTag: Hashable, Sendable {
    /// The session that holds or waits; ``SessionID/none`` for what is kept without one.
    package let session: SessionID
    /// Until when it is kept, if that is without a session.
    package let kept: KeptUntil?

    /// An entry of a session.
    package init(_ session: SessionID) {
        self.session = session
        kept = nil
    }

    /// An entry without a session.
    package init(keptUntil kept: KeptUntil) {
        session = .none
        self.kept = kept
    }
}

/// Until when a claim is kept that has no process any more.
///
/// It is measured by the clock of the running system, which goes on through suspension and is never set; after a restart of
/// the system, or where that cannot be told, by the wall clock.
package struct KeptUntil: Hashable, Sendable {
    /// Names the run of the system, see ``BootClock``.
    package let boot: UInt64
    /// The time since the system was started, in microseconds.
    package let uptime: Int64
    /// The wall-clock time.
    package let wall: UnixTime

    package init(boot: UInt64, uptime: Int64, wall: UnixTime) {
        self.boot = boot
        self.uptime = uptime
        self.wall = wall
    }

    /// The time that lies `delay` after now.
    init(after delay: Duration, _ clock: BootClock, _ wallClock: WallClock) {
        let now = clock.now
        let delay = delay.microseconds
        self.init(
            boot: now.boot,
            uptime: now.uptime &+ delay,
            wall: UnixTime(microseconds: wallClock.now.microseconds &+ delay)
        )
    }

    /// How long it is until then; negative when it has passed.
    func remaining(_ clock: BootClock, _ wallClock: WallClock) -> Duration {
        let now = clock.now
        if boot != 0, now.boot == boot { return .microseconds(uptime &- now.uptime) }
        return .microseconds(wall.microseconds &- wallClock.now.microseconds)
    }
}

extension Duration {
    /// Whole microseconds, rounded up; at most about a hundred thousand years.
    fileprivate var microseconds: Int64 {
        let (seconds, attoseconds) = components
        let limit: Int64 = 3_000_000_000_000
        return min(max(seconds, -limit), limit) * 1_000_000 + (attoseconds + 999_999_999_999) / 1_000_000_000_000
    }
}
