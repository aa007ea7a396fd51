@testable import ZooKeeperLocks

/// One server of an ensemble: a replica, and those who watch it.
struct FakeServer {
    /// When a replica carries out what the leader has decided.
    enum Lag: Equatable {
        /// At once.
        case none
        /// When the scenario says so: ``FakeZooKeeper/catchUp(_:by:)``.
        case held
        /// So much later.
        case delay(Duration)
    }

    var tree = FakeTree()
    /// How many transactions it has carried out, counted from the beginning of the ensemble.
    var applied = 0
    var lag = Lag.none
    var isRunning = true
    /// Whether it does nothing, as a process that was stopped.
    var isStalled = false
    /// When it lost its leader, in nanoseconds.
    var cutSince: Int64?
    /// Whether it has given up on its leader, and serves nobody.
    var hasGivenUp = false
    /// On nodes.
    var dataWatches = FakeWatches()
    /// On lists of children.
    var childWatches = FakeWatches()
    /// Sessions that it has heard of since it last told the leader, with their timeouts in nanoseconds.
    var touches: [Int64: Int64] = [:]

    var isServing: Bool { isRunning && !hasGivenUp }
}
