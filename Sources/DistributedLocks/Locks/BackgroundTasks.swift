import Synchronization

/// Work that must go on when the task that started it is cancelled: renewals, releases and clean-ups.
///
/// The only place in the library that starts such tasks, so that closing a service can wait for all of them.
final class BackgroundTasks: Sendable {
    private struct State {
        var running = 0
        var idle = Latch<Void>()
    }

    private let state = Mutex(State())

    /// Starts `work`, which is not affected by the caller's cancellation. Where the system can do that, it runs on the
    /// caller's thread until it suspends for the first time: the release of a lock in memory then costs no thread switch.
    func start(_ work: @escaping @Sendable () async -> Void) {
        state.withLock { state in
            if state.running == 0 { state.idle = Latch() }
            state.running += 1
        }
        startNow { [self] in
            await work()
            let idle = self.state.withLock { state in
                state.running -= 1
                return state.running == 0 ? state.idle : nil
            }
            idle?.open(())
        }
    }

    /// Opens when nothing is running (any more).
    var idle: Latch<Void> {
        state.withLock { state in
            if state.running == 0 { state.idle.open(()) }
            return state.idle
        }
    }
}

/// Starts a task that runs on the caller's thread until it suspends for the first time, where the system can do that.
@discardableResult
func startNow<Value: Sendable, Failure: Error>(
    _ work: sending @escaping @isolated(any) () async throws(Failure) -> Value
) -> Task<Value, any Error> {
    if #available(macOS 26, iOS 26, tvOS 26, watchOS 26, visionOS 26, *) {
        Task.immediate { try await work() }
    } else {
        Task { try await work() }
    }
}
