import CDLockChild
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A launched child in a process group of its own, together with the guard that kills it if this process dies.
final class ChildProcess: Sendable {
    private struct State {
        var handle: dlock_child
        var isReaped = false
        var isDismissed = false
    }

    /// The number of the child and of its process group.
    let identifier: Int32
    private let state: Mutex<State>

    private init(handle: dlock_child) {
        identifier = handle.pid
        state = Mutex(State(handle: handle))
    }

    /// Starts `command`.
    ///
    /// - Parameters:
    ///   - command: The command and its arguments.
    ///   - environment: All environment variables of the child.
    ///   - terminal: The controlling terminal, if the child is to become its foreground process group.
    ///   - deadlines: When the guard ends the child, until it is told otherwise; `nil` if never.
    ///   - lockReturn: How the guard gives the lock back if this process dies; `nil` if the end of this process does that.
    ///   - onEvent: Called on a thread of its own for every change of the child's state, the last of which is its end.
    /// - Returns: The child, which executes the command by now.
    /// - Throws: ``ChildLaunchError`` if it does not; there is no process then.
    static func launch(
        _ command: [ByteString],
        environment: ChildEnvironment,
        terminal: Terminal?,
        deadlines: GuardDeadlines? = nil,
        lockReturn: LockReturn? = nil,
        onEvent: @escaping @Sendable (ChildEvent) -> Void
    ) async throws(ChildLaunchError) -> ChildProcess {
        let result: Result<ChildProcess, ChildLaunchError> = await withCheckedContinuation { continuation in
            // On Linux the kernel kills the child when the thread that launched it ends, so this one stays to watch.
            let error = BlockingThread.start {
                let result = spawn(
                    command,
                    environment: environment,
                    terminal: terminal,
                    deadlines: deadlines,
                    lockReturn: lockReturn
                )
                continuation.resume(returning: result)
                if case .success(let child) = result {
                    child.watch(onEvent)
                }
            }
            if error != 0 {
                continuation.resume(returning: .failure(.system(errno: error)))
            }
        }
        return try result.get()
    }

    /// Sends a signal to the child's process group, or to what is left of it.
    ///
    /// - Parameter signal: The number of the signal.
    func send(_ signal: Int32) {
        state.withLock { state in
            guard !state.isDismissed else { return }
            dlock_child_signal(&state.handle, state.isReaped, signal)
        }
    }

    /// Tells the guard when to end the group if this process, being stopped, does not.
    ///
    /// - Parameter deadlines: When; `nil` if never.
    func setDeadlines(_ deadlines: GuardDeadlines?) {
        state.withLock { state in
            guard !state.isDismissed else { return }
            dlock_child_set_deadlines(&state.handle, deadlines.terminateNanoseconds, deadlines.killNanoseconds)
        }
    }

    /// Reaps the child, whose end has been reported. What is left of its group keeps the number of the group reserved.
    func reap() {
        state.withLock { state in
            guard !state.isReaped else { return }
            dlock_child_reap(&state.handle)
            state.isReaped = true
        }
    }

    /// Waits until nothing of the process group of the reaped child can do anything any more, however long that takes.
    func waitForGroup() async {
        let handle = state.withLock { $0.handle }
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            @Sendable func wait() {
                withUnsafePointer(to: handle) { dlock_child_await_group($0) }
                continuation.resume()
            }
            if BlockingThread.start(wait) != 0 {
                wait()
            }
        }
    }

    /// Dismisses the guard of the reaped child.
    func dismissGuard() {
        state.withLock { state in
            guard !state.isDismissed else { return }
            state.isDismissed = true
            dlock_child_dismiss(&state.handle)
        }
    }

    private static func spawn(
        _ command: [ByteString],
        environment: ChildEnvironment,
        terminal: Terminal?,
        deadlines: GuardDeadlines?,
        lockReturn: LockReturn?
    ) -> Result<ChildProcess, ChildLaunchError> {
        let name = command.first ?? ""
        let search = ExecutableSearch.candidates(for: name, path: environment["PATH"])
        var child = dlock_child()
        var step = dlock_launch_step_prepare
        let error = withCStringArrays(
            [search, command, environment.entries, lockReturn?.arguments ?? [], lockReturn?.environment.entries ?? []]
        ) { arrays in
            var plan = dlock_child_plan(
                candidates: arrays[0],
                arguments: arrays[1],
                environment: arrays[2],
                terminal: terminal?.descriptor ?? -1,
                terminate_at: deadlines.terminateNanoseconds,
                kill_at: deadlines.killNanoseconds,
                return_arguments: lockReturn == nil ? nil : arrays[3],
                return_environment: arrays[4]
            )
            return dlock_child_launch(&plan, &child, &step)
        }
        guard error != 0 else { return .success(ChildProcess(handle: child)) }
        guard step == dlock_launch_step_execute else { return .failure(.system(errno: error)) }
        return .failure(ChildLaunchError(command: name.text, errno: error))
    }

    /// Reports the changes of the child's state until it has ended.
    private func watch(_ onEvent: (ChildEvent) -> Void) {
        while true {
            var change = dlock_change_exited
            var value: Int32 = 0
            guard dlock_child_wait(identifier, &change, &value) == 0 else {
                // Somebody else has reaped the child, and its exit code is lost.
                return onEvent(.ended(.exited(EX_OSERR)))
            }
            switch change {
            case dlock_change_stopped: onEvent(.stopped(value))
            case dlock_change_continued: onEvent(.continued)
            case dlock_change_signalled: return onEvent(.ended(.signalled(value)))
            default: return onEvent(.ended(.exited(value)))
            }
        }
    }
}
