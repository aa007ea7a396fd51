import DistributedLocks
import Synchronization

/// On which connections requests were sent whose outcome is not known: they may still arrive, after everything that is sent
/// on a later connection.
///
/// Nobody says so when a claim is given up that could not be given back. So doubts end by themselves, long after no network
/// delivers such a request any more.
final class Doubts: Sendable {
    private struct Doubt {
        let connection: UInt64
        let ttl: Duration
        let end: LeaseClock.Instant
    }

    private struct State {
        var doubts: [OwnerID: Doubt] = [:]
        /// How many there have to be before those that are over are looked for.
        var limit = Doubts.fewest
    }

    private let clock: LeaseClock
    private let state = Mutex(State())
    private static let life = Duration.seconds(1_800)
    private static let fewest = 128

    /// Makes an empty set.
    init(clock: LeaseClock) {
        self.clock = clock
    }

    /// Notes that a request has not been answered. The first connection counts: whatever is sent on that one comes later, but
    /// whatever is sent on the next may come earlier.
    func note(_ owner: OwnerID, on connection: UInt64, ttl: Duration, after error: any Error) {
        // An answer in words was an answer.
        if error is RESPError { return }
        let now = clock.now
        state.withLock { state in
            guard state.doubts[owner] == nil else { return }
            state.doubts[owner] = Doubt(connection: connection, ttl: ttl, end: now.advanced(by: Self.life + ttl * 2))
            guard state.doubts.count > state.limit else { return }
            state.doubts = state.doubts.filter { $0.value.end > now }
            state.limit = max(Self.fewest, state.doubts.count * 2)
        }
    }

    /// Whether a request of this owner may still arrive.
    func contains(_ owner: OwnerID) -> Bool { state.withLock { $0.doubts[owner] != nil } }

    /// For how long the server has to refuse requests of this owner, if it is told so on a certain connection.
    func refusal(of owner: OwnerID, on connection: UInt64) -> Duration {
        state.withLock { state in
            guard let doubt = state.doubts[owner], doubt.connection != connection else { return .zero }
            return doubt.ttl * 2
        }
    }

    /// The server has been told.
    func remove(_ owner: OwnerID) {
        state.withLock { _ = $0.doubts.removeValue(forKey: owner) }
    }

    /// How many there are.
    var count: Int { state.withLock { $0.doubts.count } }
}
