import CDLockChild
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The signals this process receives, for one consumer at a time.
///
/// A signal stays here until somebody asks for it with ``next()`` or ``poll()``, so the consumers can take turns
/// without losing one. As in the kernel, a signal that is already waiting is not queued a second time.
final class SignalSource: Sendable {
    private struct State {
        var isStarted = false
        /// Received signals in order, without repetitions.
        var pending: [Int32] = []
        var consumer: CheckedContinuation<Int32?, Never>?
        var onArrival: (@Sendable () -> Void)?
        var stopRequest: CheckedContinuation<Bool, Never>?
    }

    private let state = Mutex(State())

    /// A source that receives nothing until ``start()``.
    init() {}

    /// Adds a signal, which goes to the waiting consumer or waits for one.
    ///
    /// - Parameter signal: The number of the signal.
    func deliver(_ signal: Int32) {
        let notify: (@Sendable () -> Void)? = state.withLock { state in
            if let consumer = state.consumer.take() {
                return { consumer.resume(returning: signal) }
            }
            if !state.pending.contains(signal) {
                state.pending.append(signal)
            }
            return state.onArrival
        }
        notify?()
    }

    /// Takes the oldest signal.
    ///
    /// - Returns: The number of the signal; `nil` if none is waiting.
    func poll() -> Int32? {
        state.withLock { state in state.pending.isEmpty ? nil : state.pending.removeFirst() }
    }

    /// Waits for a signal and takes it; only one task at a time may wait.
    ///
    /// - Returns: The number of the signal; `nil` if the task is cancelled, in which case no signal is taken.
    func next() async -> Int32? {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let result: Int32?? = state.withLock { state in
                    if Task.isCancelled { return .some(nil) }
                    if !state.pending.isEmpty { return state.pending.removeFirst() }
                    precondition(state.consumer == nil, "only one task at a time may wait for signals")
                    state.consumer = continuation
                    return nil
                }
                if let result {
                    continuation.resume(returning: result)
                }
            }
        } onCancel: {
            state.withLock { $0.consumer.take() }?.resume(returning: nil)
        }
    }

    /// Sets who is told that a signal waits to be polled.
    ///
    /// - Parameter handler: Called on any thread, and at once if a signal is waiting; `nil` to tell nobody any more.
    func onArrival(_ handler: (@Sendable () -> Void)?) {
        let isPending = state.withLock { state in
            state.onArrival = handler
            return !state.pending.isEmpty
        }
        if isPending {
            handler?()
        }
    }

    /// Stops the process group of this process, as the terminal would with Ctrl-Z, and waits until it is resumed.
    ///
    /// - Returns: `false` if the process has not been stopped: because its group is orphaned, so that no shell would
    ///   ever resume it, because `SIGTSTP` was ignored when it started, or because the source is not started.
    func stopSelf() async -> Bool {
        await withCheckedContinuation { continuation in
            let canStop = state.withLock { state in
                let canStop = state.isStarted && state.stopRequest == nil && !dlock_signal_was_ignored(SIGTSTP)
                if canStop {
                    state.stopRequest = continuation
                }
                return canStop
            }
            if canStop {
                dlock_signal_wake()
            } else {
                continuation.resume(returning: false)
            }
        }
    }
}

// MARK: - Process

extension SignalSource {
    /// What ``blockAll()`` ran into, as an `errno` value.
    private static let preparation = Mutex<Int32>(0)

    /// The signals that are received: those that were not ignored when the process started.
    private static var received: [Int32] {
        let ignorable = [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGTSTP, SIGWINCH]
        return ignorable.filter { !dlock_signal_was_ignored($0) } + [SIGCONT]
    }

    /// Blocks the signals in the calling thread, and so in all threads it starts, until a source receives them.
    ///
    /// Call it before anything else in the process. It also does what else has to be done first: it remembers
    /// which signals are ignored, which the child will ignore too, but otherwise not `SIGPIPE` and `SIGTTOU`, which are
    /// ignored from now on; and it sees to it that no descriptor opened later becomes a standard stream.
    static func blockAll() {
        // Not while the mutex is locked: as pid 1 it returns in another process.
        let error = dlock_process_prepare()
        preparation.withLock { $0 = error }
        for signal in received {
            dlock_signal_watch(signal)
        }
    }

    /// Dies of a signal, as the child did, but without a core dump.
    ///
    /// - Parameter signal: The number of a signal whose default action is to end the process.
    static func reraise(_ signal: Int32) {
        dlock_signal_reraise(signal)
    }

    /// Starts to receive signals, on a thread that lives as long as the process.
    ///
    /// Only one source of a process may be started, and only after ``blockAll()``.
    ///
    /// - Throws: ``ChildLaunchError/system(errno:)`` if there is no thread or descriptor left.
    func start() throws(ChildLaunchError) {
        var error = Self.preparation.withLock(\.self)
        if error == 0 {
            error = BlockingThread.start { self.receive() }
        }
        guard error == 0 else { throw .system(errno: error) }
        state.withLock { $0.isStarted = true }
    }

    private func receive() {
        for signal in Self.received {
            dlock_signal_unblock(signal)
        }
        while true {
            let signal = dlock_signal_receive()
            if signal > 0 {
                deliver(signal)
            } else if signal < 0 {
                return
            }
            if let request = state.withLock({ $0.stopRequest.take() }) {
                request.resume(returning: dlock_process_stop())
            }
        }
    }
}
