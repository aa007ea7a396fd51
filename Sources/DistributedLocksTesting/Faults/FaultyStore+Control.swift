public import DistributedLocks
import Synchronization

extension FaultyStore {
    /// Lets the next calls of `operation` go wrong, one for each fault; a `nil` lets one through.
    ///
    /// Calls that have no fault of their own meet those of ``keepInjecting(_:into:)`` and ``injectAtRandom(_:seed:)``.
    ///
    /// - Throws: `LockError.unsupported(store:feature:)` if the store behind the line is never asked for `operation`.
    public func inject(_ faults: Fault?..., into operation: Operation) throws(LockError) {
        try check(operation)
        state.withLock { $0.script.append(faults, for: operation) }
    }

    /// Lets every call of these operations go wrong, until ``heal()``.
    ///
    /// - Throws: `LockError.unsupported(store:feature:)` if the store behind the line is never asked for one of `operations`.
    public func keepInjecting(_ fault: Fault, into operations: Set<Operation>) throws(LockError) {
        for operation in operations { try check(operation) }
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
    ///
    /// - Throws: `LockError.unsupported(store:feature:)` if the store behind the line never tells a holder that its claim is lost,
    ///   and `LockError.invalid(_:)` if the claim is not held through this line.
    public func raiseLoss(_ reason: LossReason, of claim: LockClaim) throws(LockError) {
        try signal(of: claim, isOver: false).raise(reason)
    }

    /// Takes a claim away that was granted through this line, in the store and with its loss signal.
    ///
    /// - Throws: As ``raiseLoss(_:of:)``; what the store behind the line throws.
    public func lose(_ claim: LockClaim, reason: LossReason = .removed) async throws {
        let signal = try signal(of: claim, isOver: true)
        _ = try await base.release(claim)
        signal.raise(reason)
    }

    private func signal(of claim: LockClaim, isOver: Bool) throws(LockError) -> LossSignal {
        guard capabilities.signalsLoss else {
            throw .unsupported(store: label, feature: "telling a holder of its loss")
        }
        let signal = state.withLock { state in
            isOver ? state.signals.removeValue(forKey: claim.owner) : state.signals[claim.owner]
        }
        guard let signal else { throw .invalid("\"\(claim.name)\" is not held through this line by \(claim.owner)") }
        return signal
    }

    /// Refuses what could not be noticed, since nobody ever asks the store for it.
    private func check(_ operation: Operation) throws(LockError) {
        let missing: String? =
            switch operation {
            case .renew: capabilities.lifetime == .process ? "leases that are renewed" : nil
            case .releaseLater: capabilities.releasesLater ? nil : "keeping a lock without its process"
            case .list: capabilities.listsNames ? nil : "listing names"
            case .forceRelease: capabilities.forcesRelease ? nil : "forced release"
            case .acquire, .release, .status: nil
            }
        if let missing { throw .unsupported(store: label, feature: missing) }
    }

    /// How often `operation` has been asked for.
    public func callCount(of operation: Operation) -> Int {
        state.withLock { $0.script.calls[operation] ?? 0 }
    }
}
