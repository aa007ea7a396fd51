public import Logging
public import Metrics
public import Tracing

/// How a ``LockService`` works, where the defaults do not fit.
public struct LockConfiguration: Sendable {
    /// How long a lease lasts in the store without being renewed, where the store's leases expire. Renewals go out every
    /// third of it, so it is also how long others wait after a crash. 30 s by default.
    public var ttl: Duration = .seconds(30)

    /// How long ``Lease/release()`` waits for the store at the most before it goes on in the background. 5 s by default.
    public var releaseTimeout: Duration = .seconds(5)

    /// How long a cancelled or failed acquire waits at the most until the store has confirmed that nothing is left of it;
    /// after that the clean-up goes on in the background. 1 s by default.
    public var cleanupTimeout: Duration = .seconds(1)

    /// Who we are, as those who wait or look see it. The host name and process id by default.
    public var holder: Holder = .currentProcess

    /// Where to log: warnings for leases that are lost, leaked or cannot be renewed, information when renewal works again,
    /// and details at debug level.
    public var logger: Logger = .current

    /// Where to record metrics.
    public var metricsFactory: any MetricsFactory = MetricsSystem.factory

    /// Where to record spans.
    public var tracer: any Tracer = InstrumentationSystem.tracer

    /// What owner ids and jitter are drawn from. Services that share a store must not draw the same numbers: owner ids have
    /// to be unique.
    public var random: RandomSource = .system

    /// What "held since" is read from.
    public var wallClock: WallClock = .system

    /// The defaults.
    public init() {}
}
