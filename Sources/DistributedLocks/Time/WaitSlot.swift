import Synchronization

/// Where the tasks of this process that wait for one claim find out how the wait ended.
package final class WaitSlot<Outcome: Sendable>: Sendable {
    private struct State {
        var outcome: Outcome?
        var nextTicket: UInt64 = 0
        var tasks: [UInt64: CheckedContinuation<Outcome, any Error>] = [:]
        /// Tasks that were cancelled before they began to wait.
        var cancelled: Set<UInt64> = []
    }

    private let state = Mutex(State())

    /// Makes a slot without an outcome.
    package init() {}

    /// Suspends until the outcome is known.
    ///
    /// - Throws: `CancellationError` as soon as the task is cancelled.
    package func outcome() async throws -> Outcome {
        let ticket = state.withLock { state in
            state.nextTicket += 1
            return state.nextTicket
        }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { enter($0, ticket) }
        } onCancel: {
            cancel(ticket)
        }
    }

    /// Makes the outcome known; only the first one counts.
    package func finish(_ outcome: Outcome) {
        let tasks = state.withLock { state -> [CheckedContinuation<Outcome, any Error>] in
            guard state.outcome == nil else { return [] }
            state.outcome = outcome
            defer { state.tasks = [:] }
            return state.tasks.sorted { $0.key < $1.key }.map(\.value)
        }
        for task in tasks { task.resume(returning: outcome) }
    }

    /// Whether no task waits here.
    package var isDeserted: Bool { state.withLock { $0.tasks.isEmpty } }

    private func enter(_ task: CheckedContinuation<Outcome, any Error>, _ ticket: UInt64) {
        let known = state.withLock { state -> Result<Outcome, any Error>? in
            if let outcome = state.outcome { return .success(outcome) }
            if state.cancelled.remove(ticket) != nil { return .failure(CancellationError()) }
            state.tasks[ticket] = task
            return nil
        }
        if let known { task.resume(with: known) }
    }

    private func cancel(_ ticket: UInt64) {
        let task = state.withLock { state -> CheckedContinuation<Outcome, any Error>? in
            if let task = state.tasks.removeValue(forKey: ticket) { return task }
            if state.outcome == nil { state.cancelled.insert(ticket) }
            return nil
        }
        task?.resume(throwing: CancellationError())
    }
}
