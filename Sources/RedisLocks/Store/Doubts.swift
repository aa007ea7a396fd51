import DistributedLocks
import Synchronization

/// On which connections requests were sent whose outcome is not known: they may still arrive, after everything that is sent
/// on a later connection.
final class Doubts: Sendable {
    private let doubts = Mutex<[OwnerID: (connection: UInt64, ttl: Duration)]>([:])

    /// Notes that a request has not been answered. The first connection counts: whatever is sent on that one comes later, but
    /// whatever is sent on the next may come earlier.
    func note(_ owner: OwnerID, on connection: UInt64, ttl: Duration, after error: any Error) {
        // An answer in words was an answer.
        if error is RESPError { return }
        doubts.withLock { doubts in
            if doubts[owner] == nil { doubts[owner] = (connection, ttl) }
        }
    }

    /// Whether a request of this owner may still arrive.
    func contains(_ owner: OwnerID) -> Bool { doubts.withLock { $0[owner] != nil } }

    /// For how long the server has to refuse requests of this owner, if it is told so on a certain connection.
    func refusal(of owner: OwnerID, on connection: UInt64) -> Duration {
        doubts.withLock { doubts in
            guard let doubt = doubts[owner], doubt.connection != connection else { return .zero }
            return doubt.ttl * 2
        }
    }

    /// The server has been told.
    func remove(_ owner: OwnerID) {
        doubts.withLock { _ = $0.removeValue(forKey: owner) }
    }
}
