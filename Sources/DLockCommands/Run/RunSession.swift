import ArgumentParser
import DistributedLocks

/// One `dlock run`: wait for the lock, run the command, give the lock back.
struct RunSession {
    private let command: RunCommand
    private let signals: SignalSource
    private let service: LockService
    private let lock: DistributedLock
    private let storeURL: String
    private let passwordVariables: Set<String>
    /// Whether `DLOCK_STORE` has the password in it.
    private let hidesStore: Bool

    init(_ command: RunCommand, signals: SignalSource) throws {
        self.command = command
        self.signals = signals
        service = try command.store.openService(quiet: command.quiet) { configuration in
            configuration.holder.label = command.holderLabel
            if let ttl = command.ttl { configuration.ttl = ttl.duration }
        }
        let address = try command.store.address
        storeURL = address.url
        hidesStore = command.store.store == nil && address.hasWrittenPassword
        passwordVariables = try command.store.passwordVariables
        // Not holdAtMost: the lock must not go to anybody else before the command is gone, however late that is.
        let options = LockOptions(holdAtLeast: command.holdAtLeast?.duration)
        let name = try command.lock.lockName
        lock =
            if let permits = command.permits {
                try service.semaphore(name, permits: permits, options: options).permit
            } else if command.shared {
                service.readWriteLock(name, options: options).read
            } else {
                service.lock(name, options: options)
            }
    }

    /// Runs it all; errors have been said on standard error when it returns.
    func run() async -> RunEnd {
        let end: RunEnd
        do {
            end = try await holdAndRun()
        } catch let error as LockError {
            if !command.quiet || !error.isConflict { Console.error(error.description) }
            end = .exit(DLockExit.code(for: error, conflict: command.conflictExitCode))
        } catch let error as ChildLaunchError {
            Console.error(error.description)
            end = .exit(error.exitCode)
        } catch {
            Console.error("\(error)")
            end = .exit(1)
        }
        await service.close()
        return end
    }

    private func holdAndRun() async throws -> RunEnd {
        let (acquired, signal) = await interruptible { try await acquire() }
        if let signal {
            // Nothing has been started; what may have been granted meanwhile goes back when the service closes.
            return SignalSource.isFromKeyboard(signal) ? .die(signal) : .exit(128 + signal)
        }
        let lease = try acquired.get()
        let (exit, wasOrdered) = try await supervise(lease)
        let state = lease.state
        let release = await lease.release()
        if release == .deferred { _ = await interruptible { await service.drain() } }
        if case .lost(let reason) = state { return lost(reason) }
        if case .alreadyLost(let reason) = release { return lost(reason) }
        if wasOrdered { return lost(state == .held ? .heldTooLong : .expired) }
        return exit.interruption.map(RunEnd.die) ?? .exit(exit.exitCode)
    }

    private func acquire() async throws -> Lease {
        warnOfNesting()
        let line = WaitingLine(name: lock.name, isEnabled: !command.quiet, clock: service.clock)
        let service = service
        return try await line.whileWaiting(status: { try await service.status(of: $0.text) }) { onQueued in
            if command.noWait { return try await lock.acquire(timeout: .zero) }
            return try await lock.acquire(timeout: command.wait?.duration, onQueued: onQueued)
        }
    }

    /// A `dlock` that runs under another one's lock of the same name waits for itself.
    private func warnOfNesting() {
        guard lock.mode == .exclusive, !command.noWait, !command.quiet,
            let name = ChildEnvironment.inherited["DLOCK_NAME"], name.bytes == lock.name.bytes,
            EnvironmentVariable.value(of: "DLOCK_HELD_STORE") == storeURL
        else { return }
        Console.error("the dlock around this one holds \"\(lock.name)\"; waiting for it to end")
    }

    /// Runs the command until it ends, or is ended because the lock is.
    private func supervise(_ lease: Lease) async throws -> (exit: ChildExit, wasOrdered: Bool) {
        let watch = LossWatch(lease: lease, holdAtMost: command.holdAtMost?.duration, clock: service.clock)
        let supervisor = ChildSupervisor(
            command: command.commandBytes,
            environment: environment(lease),
            signals: signals,
            ending: ending(lease, watch),
            clock: service.clock
        )
        let watching = Task { await watch.run() }
        defer { watching.cancel() }
        let exit = try await supervisor.run(orders: watch.orders, onLaunch: watch.inform) {
            if case .lost = lease.state { false } else { true }
        }
        return (exit, watch.hasOrdered)
    }

    private func ending(_ lease: Lease, _ watch: LossWatch) -> CommandEnding {
        let limit = command.killAfter.duration
        return CommandEnding(killAfter: limit, deadlines: { watch.deadlines }, lockReturn: lockReturn(lease)) {
            [quiet = command.quiet] in
            guard !quiet else { return }
            let end = limit.map { ", or is killed \($0.shortText) after the command" } ?? ""
            Console.error(
                "the command was ended, but part of its process group still runs; the lock lasts until it ends\(end)"
            )
        }
    }

    /// How the guard gives the lock back when this process has died, where the store would keep it until the lease ends.
    private func lockReturn(_ lease: Lease) -> LockReturn? {
        // What is to be held for some time is held for it.
        guard lease.validUntil != nil, command.holdAtLeast == nil else { return nil }
        var environment = ChildEnvironment.inherited
        if let store = command.store.writtenStore { environment["DLOCK_STORE"] = store }
        let arguments = ["dlock", "release", "--force", "--owner", lease.owner.description, "--"]
        return LockReturn(
            arguments: arguments.map { ByteString($0) } + [ByteString(lease.name.bytes)],
            environment: environment
        )
    }

    private func environment(_ lease: Lease) -> ChildEnvironment {
        var environment = ChildEnvironment.inherited
        environment["DLOCK_NAME"] = ByteString(lease.name.bytes)
        environment["DLOCK_TOKEN"] = ByteString(lease.fencingToken.description)
        // Not DLOCK_STORE, which stays as the user has set it: it is where a dlock in the command looks by itself, and that has to be
        // the same place as without the lock around it.
        environment["DLOCK_HELD_STORE"] = ByteString(storeURL)
        // But without a password for this store.
        if hidesStore { environment["DLOCK_STORE"] = ByteString(storeURL) }
        for variable in passwordVariables { environment[variable] = nil }
        return environment
    }

    private func lost(_ reason: LossReason) -> RunEnd {
        if reason == .heldTooLong, let limit = command.holdAtMost {
            Console.error(
                "ended the command: it held \"\(lock.name)\" for --hold-at-most (\(limit.duration.shortText))"
            )
        } else {
            Console.error(LockError.lost(lock.name, reason).description)
        }
        return .exit(DLockExit.lost)
    }

    /// Runs `work`, and cancels it when a signal asks this process to end.
    ///
    /// - Returns: How the work ended, and that signal.
    private func interruptible<Value: Sendable>(
        _ work: sending @escaping () async throws -> Value
    ) async -> (Result<Value, any Error>, signal: Int32?) {
        let task = Task { try await work() }
        let interruption = Task { [signals] () -> Int32? in
            while let signal = await signals.next() {
                if SignalSource.isStop(signal) {
                    _ = await signals.stopSelf()
                } else if SignalSource.isEnding(signal) {
                    task.cancel()
                    return signal
                }
            }
            return nil
        }
        let result = await task.result
        interruption.cancel()
        return (result, await interruption.value)
    }
}
