/// The run of one child: performs what a ``RunMachine`` decides.
struct ChildRun: Sendable {
    /// How the child ended; `nil` as long as the run is not over.
    private(set) var exit: ChildExit?

    private var machine: RunMachine
    private let child: ChildProcess
    private let terminal: Terminal?
    private let signals: SignalSource
    private let mayContinue: @Sendable () -> Bool
    private let drain: GroupDrain

    /// A run of a child that has just been launched.
    ///
    /// - Parameters:
    ///   - child: The child.
    ///   - hasTerminal: Whether it was launched as the foreground process group of `terminal`.
    ///   - terminal: The controlling terminal.
    ///   - signals: The source through which this process can be stopped.
    ///   - drain: Waits for what the child leaves in its group.
    ///   - mayContinue: Whether the lock is still held.
    init(
        child: ChildProcess,
        hasTerminal: Bool,
        terminal: Terminal?,
        signals: SignalSource,
        drain: GroupDrain,
        mayContinue: @escaping @Sendable () -> Bool
    ) {
        machine = RunMachine(hasTerminal: hasTerminal)
        self.child = child
        self.terminal = terminal
        self.signals = signals
        self.drain = drain
        self.mayContinue = mayContinue
    }

    /// Reacts to a change of the child's state.
    ///
    /// - Parameter event: The change.
    mutating func childChanged(_ event: ChildEvent) async {
        switch event {
        case .stopped(let signal): await handle(.stopped(signal, isForeground: isForeground))
        case .continued: await handle(.continued(isForeground: isForeground))
        case .ended(let exit): await handle(.ended(exit))
        }
    }

    /// Reacts to an event, and to what follows from the reaction.
    ///
    /// - Parameter event: What happened.
    mutating func handle(_ event: RunEvent) async {
        var next: RunEvent? = event
        while let event = next {
            next = nil
            for action in machine.handle(event) {
                if let answer = await perform(action) { next = answer }
            }
        }
    }

    private var isForeground: Bool { terminal?.isForeground ?? false }

    /// Performs an action.
    ///
    /// - Parameter action: What to do.
    /// - Returns: The answer the machine waits for, if the action has one.
    private mutating func perform(_ action: RunAction) async -> RunEvent? {
        switch action {
        case .send(let signal):
            child.send(signal)
        case .giveTerminal:
            terminal?.give(to: child.identifier)
        case .takeTerminal(let restoringModes):
            terminal?.take(from: child.identifier, restoringModes: restoringModes)
        case .stopSelf:
            let wasStopped = await signals.stopSelf()
            let mayContinue = mayContinue()
            let isForeground = isForeground
            return wasStopped
                ? .resumed(mayContinue: mayContinue, isForeground: isForeground)
                : .stopRefused(mayContinue: mayContinue, isForeground: isForeground)
        case .checkResumption:
            return .resumed(mayContinue: mayContinue(), isForeground: isForeground)
        case .awaitGroup:
            child.reap()
            drain.awaitGroup(of: child)
        case .limitGroup:
            drain.limitGroup(of: child)
        case .finish(let exit):
            drain.end()
            child.reap()
            child.dismissGuard()
            self.exit = exit
        }
        return nil
    }
}
