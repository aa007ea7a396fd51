public import DistributedLocks

/// What a conformance check needs to know of the store that it examines: how to reach it, how time passes, and how long to
/// wait for what.
///
/// Make a fresh one for each check, since checks close the clients that they have been given.
///
/// ```swift
/// StoreFixture { try await MyStore(connectingTo: server) }    // each call: another client of the same server
///
/// let store = MemoryStore()
/// StoreFixture { store }                                      // a store within the process is its only client
/// ```
public struct StoreFixture: Sendable {
    /// How long one check may take on ``limitClock``; one that takes longer fails as stuck. 30 s by default.
    public var limit: Duration = .seconds(30)

    /// What ``limit`` and ``observation`` are measured on. Real time, also where the store's own clock stands still.
    public var limitClock: LeaseClock = .continuous

    /// How long a check looks on, on ``limitClock``, before it believes that something does not happen. 20 ms by default;
    /// it should be several times what the store takes to hand a lock over.
    public var observation: Duration = .milliseconds(20)

    /// By how much, on the store's clock, deadlines and expiries may be late. 500 ms by default.
    public var slack: Duration = .milliseconds(500)

    /// The lease of the checks that let one expire; one second by default, or the nearest that the store takes.
    public var shortTTL: Duration = .seconds(1)

    /// How often the checks that look for races try. 50 by default.
    public var rounds = 50

    /// How many clients take part in a check. 3 by default.
    public var clientCount = 3

    let makeClient: @Sendable () async throws -> any LockStore
    let pass: (@Sendable (Duration) async throws -> Void)?

    /// Describes a store whose clock runs by itself.
    ///
    /// - Parameter makeClient: Makes another client of the same backend each time; the same object each time for a store
    ///   that lives within one process.
    public init(makeClient: @escaping @Sendable () async throws -> any LockStore) {
        self.makeClient = makeClient
        pass = nil
    }

    /// Describes a store whose clock stands still until a check moves it.
    ///
    /// - Parameters:
    ///   - advance: Moves the time on by so much, and lets what is due happen.
    ///   - makeClient: As for ``init(makeClient:)``.
    public init(
        advance: @escaping @Sendable (Duration) async throws -> Void,
        makeClient: @escaping @Sendable () async throws -> any LockStore
    ) {
        self.makeClient = makeClient
        pass = advance
    }

    /// Describes a store that runs on `clock`.
    ///
    /// - Parameters:
    ///   - clock: The clock that the clients have been given; checks move it.
    ///   - makeClient: As for ``init(makeClient:)``.
    public init(clock: ManualClock, makeClient: @escaping @Sendable () async throws -> any LockStore) {
        self.init(advance: { await clock.advance(by: $0) }, makeClient: makeClient)
    }
}
