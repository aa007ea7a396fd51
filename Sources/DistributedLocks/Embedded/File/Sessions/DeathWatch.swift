/// One session that is watched for its end.
struct DeathWatch {
    /// Its pipe, open for reading; `nil` while it cannot be waited for.
    var pipe: Descriptor?
    /// When to ask next whether it lives, if there is reason to.
    var nextProbe: ContinuousClock.Instant?
    /// How often it has been asked since its pipe was closed by the other side.
    private var probes = 0

    /// The kernel closes the files of a process one after the other, and the pipe may be closed before the lock that
    /// says "alive" is free. So each end of a pipe is followed up for about a second.
    private static let maximumProbes = 12
    private static let firstDelay = Duration.microseconds(300)
    /// When a new watch asks a second time, in case the pipe had been closed before it was opened here.
    private static let secondLook = Duration.milliseconds(5)

    /// Begins to watch.
    init(_ pipe: Descriptor?, at now: ContinuousClock.Instant) {
        self.pipe = pipe
        nextProbe = now.advanced(by: Self.secondLook)
        probes = Self.maximumProbes
    }

    /// The other side has closed the pipe.
    mutating func hungUp(at now: ContinuousClock.Instant) {
        pipe = nil
        probes = 0
        nextProbe = now
    }

    /// It has been asked, and is alive.
    mutating func provedAlive(at now: ContinuousClock.Instant) {
        guard probes < Self.maximumProbes else {
            nextProbe = nil
            return
        }
        nextProbe = now.advanced(by: Self.firstDelay * (1 << probes))
        probes += 1
    }
}
