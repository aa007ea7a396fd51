import DistributedLocks

/// Runs a command as a child process, in the place of this process as far as signals and the terminal are concerned.
///
/// If this process dies, for whatever reason, the process group of the child is killed.
struct ChildSupervisor: Sendable {
    private enum Input: Sendable {
        case signals
        case child(ChildEvent)
        case order(ChildOrder)
        case group(RunEvent)
    }

    private let command: [ByteString]
    private let environment: ChildEnvironment
    private let signals: SignalSource
    private let terminal: Terminal?
    private let ending: CommandEnding
    private let clock: LeaseClock

    /// A supervisor for one command.
    ///
    /// - Parameters:
    ///   - command: The command and its arguments; the command is looked for in the `PATH` of `environment`.
    ///   - environment: All environment variables of the child.
    ///   - signals: The source of the signals to pass on. While the command runs nobody else may take signals from it.
    ///   - terminal: The controlling terminal of this process, to lend to the child.
    ///   - ending: What becomes of the group of a command that is ended, and of the lock if this process dies.
    ///   - clock: What the time that the group has is measured on.
    init(
        command: [ByteString],
        environment: ChildEnvironment,
        signals: SignalSource,
        terminal: Terminal? = .controlling(),
        ending: CommandEnding = CommandEnding(),
        clock: LeaseClock = .continuous
    ) {
        self.command = command
        self.environment = environment
        self.signals = signals
        self.terminal = terminal
        self.ending = ending
        self.clock = clock
    }

    /// Runs the command until it ends.
    ///
    /// A command that ended by itself leaves its background processes alone. One that was ended (by a signal that was passed on,
    /// or one that somebody else has sent) is waited for with the whole of its process group, which is killed after the time that
    /// ``CommandEnding/killAfter`` gives it; after an order, at once.
    ///
    /// Cancellation of the task kills the process group of the child, and the function still waits for the end. Signals
    /// that arrive too late for the child stay in the source.
    ///
    /// - Parameters:
    ///   - orders: What the holder of the lock demands.
    ///   - onLaunch: Called with the child when it executes the command.
    ///   - mayContinue: Asked when this process was stopped and is resumed: whether the lock is still held. If not, the
    ///     process group of the child is killed, not continued.
    /// - Returns: How the child ended.
    /// - Throws: ``ChildLaunchError`` if the command cannot be started.
    func run(
        orders: AsyncStream<ChildOrder>,
        onLaunch: (ChildProcess) -> Void = { _ in },
        mayContinue: @escaping @Sendable () -> Bool
    ) async throws(ChildLaunchError) -> ChildExit {
        let (inputs, mailbox) = AsyncStream.makeStream(of: Input.self)
        let isExclusive = terminal?.isExclusive ?? false
        terminal?.saveModes()
        let child = try await ChildProcess.launch(
            command,
            environment: environment,
            terminal: isExclusive ? terminal : nil,
            deadlines: ending.deadlines(),
            lockReturn: ending.lockReturn
        ) { event in
            mailbox.yield(.child(event))
        }
        onLaunch(child)
        signals.onArrival { mailbox.yield(.signals) }
        let relay = Task {
            for await order in orders {
                mailbox.yield(.order(order))
            }
        }
        defer {
            signals.onArrival(nil)
            relay.cancel()
        }
        let run = ChildRun(
            child: child,
            hasTerminal: isExclusive,
            terminal: terminal,
            signals: signals,
            drain: GroupDrain(limit: ending.killAfter, clock: clock, announce: ending.onSlowEnd) { event in
                mailbox.yield(.group(event))
            },
            mayContinue: mayContinue
        )
        return await withTaskCancellationHandler {
            // A task of its own, because a stream ends for a cancelled task, but the child has to be awaited.
            await Task { await supervise(run, inputs: inputs) }.value
        } onCancel: {
            mailbox.yield(.order(.kill))
        }
    }

    /// Feeds the run until it is over.
    private func supervise(_ run: ChildRun, inputs: AsyncStream<Input>) async -> ChildExit {
        var run = run
        for await input in inputs {
            switch input {
            case .child(let event): await run.childChanged(event)
            case .order(let order): await run.handle(.ordered(order))
            case .group(let event): await run.handle(event)
            case .signals:
                while run.exit == nil, let signal = signals.poll() {
                    await run.handle(.received(signal))
                }
            }
            if let exit = run.exit { return exit }
        }
        preconditionFailure("the inputs end only after the child")
    }
}
