#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Decides how to supervise a child that runs in a process group of its own.
///
/// The machine does to the child what the terminal and the shell do to this process: it passes on signals, stops and
/// continues together with the child, and lends it the terminal, in the way of a shell with job control. On top of that
/// it carries out the orders of the holder of the lock.
///
/// The machine has no side effects. The caller feeds it events one at a time, and performs the actions it gets back in
/// their order.
struct RunMachine: Sendable, Hashable {
    private enum Phase: Sendable, Hashable {
        case running
        /// The child is stopped, by the signal of this number, and this process is about to stop.
        case stopping(Int32)
        /// The child is stopped, but this process goes on.
        case stopped
        /// The child has ended, what is left of its group is about to.
        case draining(ChildExit)
        case finished
    }

    private var phase = Phase.running
    /// The strictest order so far.
    private var order: ChildOrder?
    /// Whether the child has been given the terminal and not lost it since.
    private var hasTerminal: Bool
    /// Whether the child gets the terminal when it is continued in the foreground.
    private var wantsTerminal = false
    /// Whether a signal that asks to end has been passed on.
    private var wasAskedToEnd = false
    /// Whether the child has been told, like an orphaned process group, that it will never get the terminal.
    private var hasHungUp = false

    /// Whether the child has ended, and the run goes on until its group has ended too.
    var isDraining: Bool {
        if case .draining = phase { true } else { false }
    }

    /// Whether the run is over.
    var isFinished: Bool { phase == .finished }

    /// A machine for a child that has just been launched.
    ///
    /// - Parameter hasTerminal: Whether the child was launched as the foreground process group.
    init(hasTerminal: Bool) {
        self.hasTerminal = hasTerminal
    }

    /// Reacts to an event.
    ///
    /// - Parameter event: What happened.
    /// - Returns: What is to be done, in this order; nothing once the run is over.
    mutating func handle(_ event: RunEvent) -> [RunAction] {
        guard !isFinished else { return [] }
        if isDraining { return handleWhileDraining(event) }
        return switch event {
        case .received(let signal): received(signal)
        case .stopped(let signal, let isForeground): stopped(signal, isForeground: isForeground)
        case .continued(let isForeground): continued(isForeground: isForeground)
        case .ended(let exit): ended(exit)
        case .groupEnded, .groupLimitReached: []
        case .ordered(let order): ordered(order)
        case .resumed(let mayContinue, let isForeground):
            resumed(mayContinue: mayContinue, isForeground: isForeground)
        case .stopRefused(let mayContinue, let isForeground):
            stopRefused(mayContinue: mayContinue, isForeground: isForeground)
        }
    }
}

// MARK: - Signals and orders

extension RunMachine {
    private mutating func received(_ signal: Int32) -> [RunAction] {
        if SignalSource.isEnding(signal) { wasAskedToEnd = true }
        switch signal {
        case SIGCONT:
            return phase == .running ? [.send(SIGCONT)] : phase == .stopped ? [.checkResumption] : []
        case SIGTSTP:
            // A child that is to end is not stopped any more.
            return order == nil ? [.send(SIGTSTP)] : []
        case SIGTERM, SIGHUP:
            // A stopped child could not react; a shell's `kill` does the same.
            return phase == .stopped ? [.send(signal), .send(SIGCONT)] : [.send(signal)]
        default:
            return [.send(signal)]
        }
    }

    private mutating func ordered(_ new: ChildOrder) -> [RunAction] {
        switch (new, order) {
        case (_, .kill), (.terminate, .terminate):
            return []
        case (.terminate, nil):
            order = .terminate
            return [.send(SIGTERM), .send(SIGCONT)]
        case (.kill, _):
            order = .kill
            return [.send(SIGKILL)]
        }
    }

    /// The child has ended; what it has left in its group may not have.
    ///
    /// A command that ended by itself leaves in the background what it means to leave there; that goes on without the lock. A
    /// command that was ended has not had its way: the rest of its group is about to end, and the lock lasts until it has.
    private mutating func ended(_ exit: ChildExit) -> [RunAction] {
        guard order != nil || wasAskedToEnd || exit.wasEndedBySomebody else { return finish(exit) }
        phase = .draining(exit)
        return switch order {
        case nil: [.limitGroup, .awaitGroup]
        case .terminate, .kill: [.send(SIGKILL), .awaitGroup]
        }
    }

    /// Reacts to an event while the rest of the group ends. The child is gone, so nothing of it stops or goes on.
    private mutating func handleWhileDraining(_ event: RunEvent) -> [RunAction] {
        guard case .draining(let exit) = phase else { return [] }
        switch event {
        case .received(SIGTSTP): return []
        case .received(let signal): return [.send(signal)]
        case .ordered(let new): return ordered(new)
        case .groupEnded: return finish(exit)
        case .groupLimitReached: return ordered(.kill)
        case .stopped, .continued, .ended, .resumed, .stopRefused: return []
        }
    }

    private mutating func finish(_ exit: ChildExit) -> [RunAction] {
        let wasSignalled = if case .signalled = exit { true } else { false }
        phase = .finished
        return (hasTerminal ? [.takeTerminal(restoringModes: wasSignalled)] : []) + [.finish(exit)]
    }
}

// MARK: - Stops

extension RunMachine {
    private mutating func stopped(_ signal: Int32, isForeground: Bool) -> [RunAction] {
        let needsTerminal = signal == SIGTTIN || signal == SIGTTOU
        if needsTerminal, isForeground {
            return [giveTerminal(), .send(SIGCONT)]
        }
        guard order == nil else {
            // Without the terminal the child would only stop again, so it stays stopped until it is killed.
            return needsTerminal ? [] : [.send(SIGCONT)]
        }
        let taking: [RunAction] = hasTerminal ? [.takeTerminal(restoringModes: true)] : []
        wantsTerminal = hasTerminal || needsTerminal || wantsTerminal
        hasTerminal = false
        phase = .stopping(signal)
        return taking + [.stopSelf]
    }

    /// Continues the child after this process was resumed.
    private mutating func resumed(mayContinue: Bool, isForeground: Bool) -> [RunAction] {
        guard phase != .running else { return [] }
        phase = .running
        guard order == nil else { return [.send(SIGCONT)] }
        guard mayContinue else { return ordered(.kill) }
        return wantsTerminal && isForeground ? [giveTerminal(), .send(SIGCONT)] : [.send(SIGCONT)]
    }

    /// Treats the child as the kernel would treat this process, whose process group is orphaned.
    private mutating func stopRefused(mayContinue: Bool, isForeground: Bool) -> [RunAction] {
        guard case .stopping(let signal) = phase else { return [] }
        switch signal {
        case SIGTSTP:
            // The kernel discards this signal in an orphaned group.
            return resumed(mayContinue: mayContinue, isForeground: isForeground)
        case SIGTTIN, SIGTTOU:
            guard !hasHungUp else { break }
            hasHungUp = true
            phase = .running
            return [.send(SIGHUP), .send(SIGCONT)]
        default:
            break
        }
        phase = .stopped
        return []
    }

    /// Notes that somebody else has continued the child; an echo of the own `SIGCONT` needs no reaction.
    private mutating func continued(isForeground: Bool) -> [RunAction] {
        guard phase == .stopped else { return [] }
        phase = .running
        return wantsTerminal && isForeground ? [giveTerminal()] : []
    }

    private mutating func giveTerminal() -> RunAction {
        hasTerminal = true
        wantsTerminal = false
        return .giveTerminal
    }
}
