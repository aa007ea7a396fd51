import CDLockChild

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A launched child in a process group of its own, together with the guard that kills it if this process dies.
struct ChildProcess: Sendable {
    private let handle: dlock_child

    /// The number of the child and of its process group; reserved until ``reap(killingGroup:)``.
    var identifier: Int32 { handle.pid }

    /// Starts `command`.
    ///
    /// - Parameters:
    ///   - command: The command and its arguments.
    ///   - environment: All environment variables of the child.
    ///   - terminal: The controlling terminal, if the child is to become its foreground process group.
    ///   - onEvent: Called on a thread of its own for every change of the child's state, the last of which is its end.
    /// - Returns: The child, which executes the command by now.
    /// - Throws: ``ChildLaunchError`` if it does not; there is no process then.
    static func launch(
        _ command: [ByteString],
        environment: ChildEnvironment,
        terminal: Terminal?,
        onEvent: @escaping @Sendable (ChildEvent) -> Void
    ) async throws(ChildLaunchError) -> ChildProcess {
        let result: Result<ChildProcess, ChildLaunchError> = await withCheckedContinuation { continuation in
            // On Linux the kernel kills the child when the thread that launched it ends, so this one stays to watch.
            let error = BlockingThread.start {
                let result = spawn(command, environment: environment, terminal: terminal)
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

    /// Sends a signal to the child's process group.
    ///
    /// - Parameter signal: The number of the signal.
    func send(_ signal: Int32) {
        dlock_child_signal(handle.pid, signal)
    }

    /// Reaps the child, whose end has been reported, and its guard.
    ///
    /// - Parameter killingGroup: Whether to kill what is left of the process group, and to wait until nothing of it
    ///   can do anything any more, however long that takes.
    func reap(killingGroup: Bool) async {
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            @Sendable func reap() {
                withUnsafePointer(to: handle) { dlock_child_reap($0, killingGroup) }
                continuation.resume()
            }
            if BlockingThread.start(reap) != 0 {
                reap()
            }
        }
    }

    private static func spawn(
        _ command: [ByteString],
        environment: ChildEnvironment,
        terminal: Terminal?
    ) -> Result<ChildProcess, ChildLaunchError> {
        let name = command.first ?? ""
        let search = ExecutableSearch.candidates(for: name, path: environment["PATH"])
        var child = dlock_child()
        var step = dlock_launch_step_prepare
        let error = withCStringArray(search) { candidates in
            withCStringArray(command) { arguments in
                withCStringArray(environment.entries) { environment in
                    var plan = dlock_child_plan(
                        candidates: candidates,
                        arguments: arguments,
                        environment: environment,
                        terminal: terminal?.descriptor ?? -1
                    )
                    return dlock_child_launch(&plan, &child, &step)
                }
            }
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
            guard dlock_child_wait(handle.pid, &change, &value) == 0 else {
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
