import Synchronization

/// Work that must go on when the task that started it is cancelled: renewals, releases and clean-ups.
///
/// The only place in the library that starts such tasks, so that closing a service can wait for them.
package final class BackgroundTasks: Sendable {
    private struct State {
        var running = 0
        var idle = Latch<Void>()
    }

    private let state = Mutex(State())

    private let executor: (any TaskExecutor)?

    /// Makes an empty set.
    ///
    /// - Parameter executor: Where the tasks run; anywhere if `nil`.
    package init(executor: (any TaskExecutor)? = nil) {
        self.executor = executor
    }

    /// Starts `work`, which is not affected by the caller's cancellation.
    ///
    /// It is detached: it outlives the caller, whose task-local values and priority are not its business.
    ///
    /// - Parameters:
    ///   - onCallersThread: Whether to begin on the caller's thread, where the system can do that, until the work suspends
    ///     for the first time. The release of a lock in memory then costs no thread switch. Only for a caller who waits for
    ///     it anyway: for others it would be held up.
    ///   - work: What to do.
    package func start(onCallersThread: Bool = false, _ work: @escaping @Sendable () async -> Void) {
        state.withLock { state in
            if state.running == 0 { state.idle = Latch() }
            state.running += 1
        }
        if onCallersThread, #available(macOS 26, iOS 26, tvOS 26, watchOS 26, visionOS 26, *) {
            Task.immediateDetached(executorPreference: executor) { await self.perform(work) }
        } else {
            Task.detached(executorPreference: executor) { await self.perform(work) }
        }
    }

    /// How many are running.
    package var count: Int { state.withLock { $0.running } }

    /// Opens when nothing is running (any more).
    package var idle: Latch<Void> {
        state.withLock { state in
            if state.running == 0 { state.idle.open(()) }
            return state.idle
        }
    }

    private func perform(_ work: @Sendable () async -> Void) async {
        await work()
        let idle = state.withLock { state in
            state.running -= 1
            return state.running == 0 ? state.idle : nil
        }
        idle?.open(())
    }
}
