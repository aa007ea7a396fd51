import DistributedLocks
import Synchronization

/// What a store may have left in the ensemble for each claim: what has to be looked for when the claim is given back.
final class Traces: Sendable {
    /// What is known.
    enum Trace: Hashable, Sendable {
        /// Nodes may have been made that bear the owner's number.
        case uncertain
        /// These nodes were made.
        case known([String])
    }

    private let traces = Mutex<[OwnerID: Trace]>([:])

    /// What is known of a claim; `nil` if nothing of it was ever sent, or everything is gone.
    subscript(owner: OwnerID) -> Trace? {
        get { traces.withLock { $0[owner] } }
        set { traces.withLock { $0[owner] = newValue } }
    }

    /// How many there are.
    var count: Int { traces.withLock { $0.count } }
}
