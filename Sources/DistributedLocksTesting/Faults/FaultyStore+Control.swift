public import DistributedLocks
import Synchronization

extension FaultyStore {
    /// Lets the next calls of `operation` go wrong, one for each fault; a `nil` lets one through.
    ///
    /// Calls that have no fault of their own meet those of ``keepInjecting(_:into:)`` and ``injectAtRandom(_:seed:)``.
    public func inject(_ faults: Fault?..., into operation: Operation) {
        state.withLock { $0.script.append(faults, for: operation) }
    }

    /// Lets every call of these operations go wrong, until ``heal()``.
    public func keepInjecting(_ fault: Fault, into operations: Set<Operation>) {
        state.withLock { $0.script.setLasting(fault, for: operations) }
    }

    /// Lets calls go wrong at random, until ``heal()``. The same calls in the same order meet the same faults for the same
    /// seed.
    public func injectAtRandom(_ rates: FaultRates, seed: UInt64) {
        state.withLock { $0.script.setRandom(rates, seed: seed) }
    }

    /// Nothing goes wrong any more, but for what is under way; see ``resume()`` and ``reconnect()``.
    public func heal() {
        state.withLock { $0.script.clear() }
    }

    /// Lets everything go on that is stalled now.
    public func resume() {
        gate.open()
    }

    /// How many calls are stalled now.
    public var stalledCount: Int { gate.count }

    /// Cuts the line: as though the process had crashed, nothing of what it asks for reaches the store any more, and its
    /// waits end with `LockError.unreachable(store:reason:)`. What it holds, and its places in queues, stay in the store.
    public func cutOff() {
        let waits = state.withLock { state in
            state.isCutOff = true
            return Array(state.waits.values)
        }
        for wait in waits { wait.cancel() }
        gate.open()
    }

    /// Mends the line after ``cutOff()``.
    public func reconnect() {
        state.withLock { $0.isCutOff = false }
    }

    /// Raises the loss signal of a claim that was granted through this line; the store behind it does not know of that.
    public func raiseLoss(_ reason: LossReason, of claim: LockClaim) {
        state.withLock { $0.signals[claim.owner] }?.raise(reason)
    }

    /// Takes a claim away that was granted through this line, in the store and with its loss signal.
    ///
    /// - Throws: What the store behind the line throws.
    public func lose(_ claim: LockClaim, reason: LossReason = .removed) async throws {
        let signal = state.withLock { $0.signals.removeValue(forKey: claim.owner) }
        _ = try await base.release(claim)
        signal?.raise(reason)
    }

    /// How often `operation` has been asked for.
    public func callCount(of operation: Operation) -> Int {
        state.withLock { $0.script.calls[operation] ?? 0 }
    }
}
