public import DistributedLocks
public import Logging
import NIOCore
import NetworkSupport
import Synchronization

/// Locks in a ZooKeeper ensemble.
///
/// A lock is a node whose children are its contenders: ephemeral sequential nodes as Apache Curator (or kazoo) makes them, so that
/// clients of other languages exclude us, and we them. The contender with the smallest number holds the lock; each other
/// one watches the node before its own, so that a release wakes one waiter. The fencing token is the transaction that made the
/// node (its czxid).
///
/// One session serves everything. It is opened when it is first needed, and its end is the end of all its locks: holders are
/// told in time, before the ensemble can hand a lock to anybody else.
public final class ZooKeeperStore: LockStore {
    /// Where the servers are, without user or password.
    public let label: String
    /// The clock of deadlines.
    public let clock: LeaseClock
    /// The event loop of the connection. Tasks that run there (`withTaskExecutorPreference(store.executor) { … }`) reach the
    /// server without switching threads; they must not block.
    public let executor: (any TaskExecutor)?

    let configuration: ZooKeeperConfiguration
    let client: ZooKeeperClient
    let paths: LockPaths
    let holdings: Holdings
    let traces = Traces()
    let keeper: SessionKeeper
    let tasks: BackgroundTasks
    let timers: Timers
    let logger: Logger
    let isClosed = Atomic<Bool>(false)
    let waiting = WaitingClaims()

    /// Makes a store; connects when it is first used.
    ///
    /// - Parameters:
    ///   - configuration: Where the servers are, and how to talk to them.
    ///   - clock: What deadlines are measured on. It has to run as real time does: the servers end sessions by their own.
    ///   - random: What jitter, and the order of the servers, are drawn from.
    ///   - logger: Where to log; debug level, but for what an operator has to know.
    /// - Throws: `LockError.invalid` for a configuration that cannot work.
    public convenience init(
        _ configuration: ZooKeeperConfiguration,
        clock: LeaseClock = .continuous,
        random: RandomSource = .system,
        logger: Logger = .current
    ) throws(LockError) {
        try configuration.validate()
        let eventLoop = EventLoops.next()
        let connector = try Connector(configuration: configuration, eventLoop: eventLoop)
        self.init(configuration, clock, random, logger, eventLoop, connector)
    }

    /// Makes a store whose connections come from a network.
    init(
        _ configuration: ZooKeeperConfiguration,
        _ clock: LeaseClock,
        _ random: RandomSource,
        _ logger: Logger,
        _ eventLoop: any EventLoop,
        _ network: any Network
    ) {
        self.configuration = configuration
        self.clock = clock
        self.logger = logger
        label = configuration.label
        paths = LockPaths(names: configuration.names, chroot: configuration.chroot)
        let executor = EventLoopExecutor(eventLoop)
        self.executor = executor
        tasks = BackgroundTasks(executor: executor)
        timers = Timers(clock: clock, executor: executor)
        let holdings = Holdings()
        self.holdings = holdings
        client = ZooKeeperClient(
            configuration: configuration,
            clock: clock,
            random: random,
            logger: logger,
            executor: executor,
            network: network,
            delegate: ZooKeeperClient.Delegate(onExpired: { holdings.sessionEnded($0) })
        )
        let keeper = SessionKeeper(client: client, holdings: holdings, timers: timers, tasks: tasks)
        self.keeper = keeper
        client.whenAttached { [weak keeper] in keeper?.attached() }
    }

    /// Makes a store for the ensemble at a URL, for example `zookeeper://zk1,zk2,zk3/app/locks`.
    ///
    /// - Parameter url: See ``ZooKeeperConfiguration/init(url:)``.
    /// - Throws: `LockError.invalid` for a URL that makes no sense.
    public convenience init(_ url: String) throws(LockError) {
        try self.init(ZooKeeperConfiguration(url: url))
    }

    private static let modes: Set<LockMode.Kind> = [.exclusive]

    /// Exclusive locks, in order, for as long as the session lives.
    public var capabilities: StoreCapabilities {
        StoreCapabilities(
            modes: Self.modes,
            ordering: .fifo,
            lifetime: .session(timeout: client.view.times.timeout),
            listsNames: true,
            forcesRelease: true,
            signalsLoss: true
        )
    }

    deinit {
        timers.close()
    }
}
