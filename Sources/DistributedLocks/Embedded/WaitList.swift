import Synchronization

/// Tasks of this process that wait for their turn in an embedded store, each by its owner id.
///
/// A wait is entered before the queue is changed and resolved exactly once: by a grant, its deadline, its cancellation or
/// the end of the store, whichever comes first.
package final class WaitList<Outcome: Sendable>: Sendable {
    private enum Wait {
        case entered
        case suspended(CheckedContinuation<Outcome, Never>)
        case resolved(Outcome)
    }

    private let waits = Mutex<[OwnerID: Wait]>([:])

    package init() {}

    /// Enters a wait, so that it can be resolved from now on.
    package func enter(_ owner: OwnerID) {
        waits.withLock { $0[owner] = .entered }
    }

    /// Forgets a wait that will not be awaited.
    package func leave(_ owner: OwnerID) {
        waits.withLock { $0[owner] = nil }
    }

    /// Suspends until the wait of `owner` is resolved, and forgets it.
    package func outcome(of owner: OwnerID) async -> Outcome {
        await withCheckedContinuation { continuation in
            let resolved = waits.withLock { waits -> Outcome? in
                if case .resolved(let outcome) = waits[owner] {
                    waits[owner] = nil
                    return outcome
                }
                waits[owner] = .suspended(continuation)
                return nil
            }
            if let resolved { continuation.resume(returning: resolved) }
        }
    }

    /// Resolves the wait of `owner`; `false` if there is none, or it has been resolved before.
    @discardableResult
    package func resolve(_ owner: OwnerID, _ outcome: Outcome) -> Bool {
        let wait = waits.withLock { waits -> Wait? in
            guard let wait = waits[owner] else { return nil }
            if case .entered = wait { waits[owner] = .resolved(outcome) }
            if case .suspended = wait { waits[owner] = nil }
            return wait
        }
        switch wait {
        case .suspended(let continuation): continuation.resume(returning: outcome)
        case .entered: break
        case .resolved, nil: return false
        }
        return true
    }

    /// All who wait.
    package var owners: [OwnerID] { waits.withLock { Array($0.keys) } }
}
