import Synchronization

/// A value that arrives once, and any number of tasks that wait for it.
///
/// Waiting is not ended by cancellation, unless one asks for that. It can be given up from outside instead.
package final class Latch<Value: Sendable>: Sendable {
    private struct State {
        var value: Value?
        var waiters: [Int: CheckedContinuation<Value?, Never>?] = [:]
        var nextWaiter = 0
    }

    private let state = Mutex(State())

    /// Makes a latch that is closed.
    package init() {}

    /// The value, if it has arrived.
    package var current: Value? { state.withLock { $0.value } }

    /// Delivers the value, to those who wait in the order in which they came; only the first one counts.
    package func open(_ value: Value) {
        let waiters = state.withLock { state in
            guard state.value == nil else { return [CheckedContinuation<Value?, Never>]() }
            state.value = value
            defer { state.waiters = [:] }
            return state.waiters.sorted { $0.key < $1.key }.compactMap(\.value)
        }
        for waiter in waiters { waiter.resume(returning: value) }
    }

    /// Announces a waiter, which can be made to give up before it has even begun to wait.
    package func enter() -> Int {
        state.withLock { state in
            state.nextWaiter += 1
            state.waiters[state.nextWaiter] = .some(nil)
            return state.nextWaiter
        }
    }

    /// Waits for the value; `nil` if the waiter was made to give up.
    package func value(for waiter: Int) async -> Value? {
        await withCheckedContinuation { continuation in
            let answer = state.withLock { state -> Value?? in
                if let value = state.value { return .some(value) }
                guard state.waiters[waiter] != nil else { return .some(nil) }
                state.waiters[waiter] = .some(continuation)
                return nil
            }
            if let answer { continuation.resume(returning: answer) }
        }
    }

    /// Makes a waiter return `nil`.
    package func giveUp(_ waiter: Int) {
        let continuation = state.withLock { $0.waiters.removeValue(forKey: waiter) }
        if let continuation, let continuation { continuation.resume(returning: nil) }
    }

    /// Waits for the value, or until the task is cancelled.
    package func valueUnlessCancelled() async {
        let waiter = enter()
        _ = await withTaskCancellationHandler {
            await value(for: waiter)
        } onCancel: {
            giveUp(waiter)
        }
    }
}
