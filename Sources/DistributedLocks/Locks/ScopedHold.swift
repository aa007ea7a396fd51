import ServiceContextModule
import Tracing

/// Runs one body under one lease: cancelled on loss, released in every case.
struct ScopedHold {
    let service: LockService
    let lease: Lease

    func run<Result: Sendable>(
        _ body: sending @escaping @isolated(any) (Lease) async throws -> Result
    ) async throws -> Result {
        let held = HeldLeases.current.adding(lease, of: service)
        let lease = lease
        // A task of its own, so that a loss can cancel the body without cancelling the caller. Not begun on the caller's
        // thread: until the body suspended for the first time, neither a loss nor the caller could cancel it.
        let task = Task {
            try await HeldLeases.$current.withValue(held) {
                try await ServiceContext.$current.withValue(lease.record.span.context) { try await body(lease) }
            }
        }
        let observer = lease.onLoss { task.cancel() }
        let result = await withTaskCancellationHandler {
            await task.result
        } onCancel: {
            task.cancel()
        }
        let state = lease.state
        lease.record.stopObserving(observer)
        let release = await lease.release()
        return try outcome(of: result, loss: loss(state, release))
    }

    private func loss(_ state: LeaseState, _ release: ReleaseResult) -> LossReason? {
        // Releasing the lease inside the body is the body's own decision.
        if case .lost(let reason) = state { return reason == .released ? nil : reason }
        if case .alreadyLost(let reason) = release { return reason }
        return nil
    }

    private func outcome<Result: Sendable>(
        of result: Swift.Result<Result, any Error>,
        loss: LossReason?
    ) throws -> Result {
        guard let loss else { return try result.get() }
        switch result {
        case .success:
            throw LockError.lost(lease.name, loss)
        case .failure(let error):
            // The body's own error is never hidden; a cancellation that the loss has caused is the loss.
            if error is CancellationError, !Task.isCancelled { throw LockError.lost(lease.name, loss) }
            throw error
        }
    }
}
