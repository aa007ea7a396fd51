import DistributedLocks

extension LeaseClock.Instant {
    /// So many milliseconds after the clock was made.
    static func at(_ milliseconds: Int) -> Self { Self(offset: .milliseconds(milliseconds)) }
}
