import CDLockChild

/// When the guard ends a command whose `dlock` does not, because that is stopped or hangs.
struct GuardDeadlines: Hashable, Sendable {
    /// An instant of the clock that `dlock` and its guard share; it goes on while the machine is suspended.
    struct Instant: Hashable, Sendable {
        /// In the clock's own nanoseconds.
        let nanoseconds: Int64

        /// The present instant.
        static var now: Instant { Instant(nanoseconds: dlock_clock()) }

        /// The instant that lies `duration` later; as late as can be if that is further away than the clock counts.
        func advanced(by duration: Duration) -> Instant {
            let (seconds, attoseconds) = duration.components
            let limit = Int64.max / 1_000_000_000 - 1
            guard abs(seconds) < limit else { return Instant(nanoseconds: seconds > 0 ? .max : .min) }
            let (sum, overflow) = nanoseconds.addingReportingOverflow(
                seconds * 1_000_000_000 + attoseconds / 1_000_000_000
            )
            return Instant(nanoseconds: overflow ? .max : sum)
        }
    }

    /// When the command is asked to end; `nil` if it has been asked already.
    var terminate: Instant?
    /// When the command is killed.
    var kill: Instant
}

extension GuardDeadlines? {
    /// ``GuardDeadlines/terminate`` as the guard takes it.
    var terminateNanoseconds: Int64 { self?.terminate?.nanoseconds ?? .max }

    /// ``GuardDeadlines/kill`` as the guard takes it.
    var killNanoseconds: Int64 { self?.kill.nanoseconds ?? .max }
}
