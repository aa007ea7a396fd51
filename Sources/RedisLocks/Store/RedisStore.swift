public import DistributedLocks
public import Logging
import NetworkSupport
import Synchronization

/// Locks on one Redis or Valkey server.
///
/// A lock is the plain key that clients of other languages use as well (`SET name owner NX PX ttl`): they exclude us, and we
/// them. Waiters form a queue in the server, first come first served; a release hands the lock to the first of them in the same
/// step and tells its client, so that nobody polls. Every grant has a fencing token that is larger than all before it.
///
/// One connection serves everything. It is opened when it is first needed.
public final class RedisStore: LockStore {
    /// Where the server is, without user or password.
    public let label: String
    /// The clock of deadlines.
    public let clock: LeaseClock
    /// Exclusive locks, in order, with leases from 100 ms to a day.
    public let capabilities: StoreCapabilities

    /// The event loop of the connection. Tasks that run there (`withTaskExecutorPreference(store.executor) { … }`) reach the
    /// server without switching threads; they must not block.
    public let executor: (any TaskExecutor)?

    let configuration: RedisConfiguration
    let calls: ScriptCalls
    let replication: Replication?
    let room: WaitingRoom
    let holdings: Holdings
    let tasks: BackgroundTasks
    let timers: Timers
    let logger: Logger
    let values: LockValueWriter
    let isClosed = Atomic<Bool>(false)
    let doubts: Doubts

    /// Makes a store; connects when it is first used.
    ///
    /// - Parameters:
    ///   - configuration: Where the server is, and how to talk to it.
    ///   - clock: What deadlines are measured on. It has to run as real time does: the server's leases end by its own.
    ///   - random: What identifiers and jitter are drawn from.
    ///   - logger: Where to log; debug level, but for what an operator has to know.
    /// - Throws: `LockError.invalid` for a configuration that cannot work.
    public init(
        _ configuration: RedisConfiguration,
        clock: LeaseClock = .continuous,
        random: RandomSource = .system,
        logger: Logger = .current
    ) throws(LockError) {
        try configuration.validate()
        self.configuration = configuration
        self.clock = clock
        self.logger = logger
        label = configuration.label
        capabilities = StoreCapabilities(
            modes: [.exclusive],
            ordering: .fifo,
            lifetime: .expiring(.milliseconds(100) ... .seconds(86_400)),
            listsNames: true,
            forcesRelease: true,
            signalsLoss: true,
            releasesLater: true
        )
        let clientID = OwnerID(from: random)
        values = LockValueWriter(client: clientID)
        let executor = EventLoopExecutor(EventLoops.next())
        self.executor = executor
        tasks = BackgroundTasks(executor: executor)
        timers = Timers(clock: clock, executor: executor)
        let relay = EventRelay()
        let client = try RedisClient(
            configuration: configuration,
            channel: "dlock:\(clientID)",
            clock: clock,
            random: random,
            logger: logger,
            executor: executor,
            delegate: relay.delegate
        )
        calls = ScriptCalls(client: client)
        replication = try Replication(configuration) { () throws(LockError) in
            try RedisClient(
                configuration: configuration,
                channel: nil,
                clock: clock,
                random: random,
                logger: logger,
                executor: executor,
                delegate: RedisClient.Delegate()
            )
        }
        doubts = Doubts(clock: clock)
        holdings = Holdings(calls: calls, timers: timers, tasks: tasks)
        room = WaitingRoom(
            calls: calls,
            doubts: doubts,
            random: random,
            timers: timers,
            tasks: tasks,
            logger: logger
        )
        relay.connect(to: holdings, room)
    }

    /// Makes a store for the server at a URL, for example `redis://user:password@db1:6379/0`.
    ///
    /// - Parameter url: See ``RedisConfiguration/init(url:)``.
    /// - Throws: `LockError.invalid` for a URL that makes no sense.
    public convenience init(_ url: String) throws(LockError) {
        try self.init(RedisConfiguration(url: url))
    }

    deinit {
        calls.client.close()
        replication?.calls.client.close()
        timers.close()
    }
}
