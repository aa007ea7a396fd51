import Testing

@testable import DLockCommands

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

@Suite("Run machine")
struct RunMachineTests {
    /// One step of a scenario: an event, and the actions it has to cause.
    struct Step: Sendable {
        let event: RunEvent
        let actions: [RunAction]

        init(_ event: RunEvent, _ actions: RunAction...) {
            self.event = event
            self.actions = actions
        }
    }

    /// A run from its launch on.
    struct Scenario: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let hasTerminal: Bool
        let steps: [Step]

        init(_ description: String, hasTerminal: Bool = false, _ steps: Step...) {
            testDescription = description
            self.hasTerminal = hasTerminal
            self.steps = steps
        }
    }

    @Test("Reacts as documented", arguments: scenarios)
    func scenario(_ scenario: Scenario) {
        var machine = RunMachine(hasTerminal: scenario.hasTerminal)
        for (index, step) in scenario.steps.enumerated() {
            #expect(machine.handle(step.event) == step.actions, "step \(index): \(step.event)")
        }
    }

    @Test(
        "Passes on every other signal unchanged",
        arguments: [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGTSTP, SIGCONT, SIGWINCH]
    )
    func forwarding(signal: Int32) {
        var machine = RunMachine(hasTerminal: false)
        #expect(machine.handle(.received(signal)) == [.send(signal)])
    }
}

extension RunMachineTests {
    static let endings = [
        Scenario(
            "an end is final",
            Step(.ended(.exited(3)), .finish(.exited(3))),
            Step(.received(SIGTERM)),
            Step(.ordered(.kill)),
            Step(.ended(.exited(4)))
        ),
        Scenario(
            "the terminal is taken back with its modes left as the child set them",
            hasTerminal: true,
            Step(
                .ended(.exited(0)),
                .takeTerminal(restoringModes: false),
                .finish(.exited(0))
            )
        ),
        Scenario(
            "the modes are restored if a signal killed the child",
            hasTerminal: true,
            Step(
                .ended(.signalled(SIGSEGV)),
                .takeTerminal(restoringModes: true),
                .finish(.signalled(SIGSEGV))
            )
        ),
        Scenario(
            "a command that was asked to end is waited for with its whole group",
            Step(.received(SIGTERM), .send(SIGTERM)),
            Step(.ended(.exited(0)), .limitGroup, .awaitGroup),
            Step(.received(SIGTSTP)),
            Step(.received(SIGINT), .send(SIGINT)),
            Step(.received(SIGCONT), .send(SIGCONT)),
            Step(.groupEnded, .finish(.exited(0))),
            Step(.groupLimitReached)
        ),
        Scenario(
            "what is left of a group is killed when it has had its time, once",
            Step(.received(SIGINT), .send(SIGINT)),
            Step(.ended(.exited(0)), .limitGroup, .awaitGroup),
            Step(.groupLimitReached, .send(SIGKILL)),
            Step(.groupLimitReached),
            Step(.groupEnded, .finish(.exited(0)))
        ),
        Scenario(
            "the terminal stays with the group until it has ended",
            hasTerminal: true,
            Step(.ended(.signalled(SIGINT)), .limitGroup, .awaitGroup),
            Step(.groupEnded, .takeTerminal(restoringModes: true), .finish(.signalled(SIGINT)))
        ),
        Scenario(
            "a shell whose foreground job was killed is taken for killed",
            Step(.ended(.exited(143)), .limitGroup, .awaitGroup),
            Step(.groupEnded, .finish(.exited(143)))
        ),
        Scenario(
            "an order that comes while the group ends is carried out",
            Step(.received(SIGTERM), .send(SIGTERM)),
            Step(.ended(.exited(0)), .limitGroup, .awaitGroup),
            Step(.ordered(.terminate), .send(SIGTERM), .send(SIGCONT)),
            Step(.ordered(.kill), .send(SIGKILL)),
            Step(.groupLimitReached),
            Step(.groupEnded, .finish(.exited(0)))
        ),
        Scenario(
            "a signal that asks for something else keeps nothing",
            Step(.received(SIGUSR1), .send(SIGUSR1)),
            Step(.ended(.exited(0)), .finish(.exited(0)))
        ),
        Scenario(
            "orders are carried out once, and the group does not outlive the child",
            Step(.ordered(.terminate), .send(SIGTERM), .send(SIGCONT)),
            Step(.ordered(.terminate)),
            Step(.received(SIGTSTP)),
            Step(.ordered(.kill), .send(SIGKILL)),
            Step(.ordered(.terminate)),
            Step(.ended(.signalled(SIGKILL)), .send(SIGKILL), .awaitGroup),
            Step(.groupEnded, .finish(.signalled(SIGKILL)))
        ),
    ]

    static let stops = [
        Scenario(
            "Ctrl-Z and fg",
            hasTerminal: true,
            Step(.stopped(SIGTSTP, isForeground: false), .takeTerminal(restoringModes: true), .stopSelf),
            Step(.resumed(mayContinue: true, isForeground: true), .giveTerminal, .send(SIGCONT)),
            Step(.continued(isForeground: false)),
            Step(.stopped(SIGTSTP, isForeground: false), .takeTerminal(restoringModes: true), .stopSelf)
        ),
        Scenario(
            "Ctrl-Z, bg, and the terminal is needed again",
            hasTerminal: true,
            Step(.stopped(SIGTSTP, isForeground: false), .takeTerminal(restoringModes: true), .stopSelf),
            Step(.resumed(mayContinue: true, isForeground: false), .send(SIGCONT)),
            Step(.stopped(SIGTTIN, isForeground: false), .stopSelf),
            Step(.resumed(mayContinue: true, isForeground: true), .giveTerminal, .send(SIGCONT))
        ),
        Scenario(
            "a child that never had the terminal does not get it after a stop",
            Step(.stopped(SIGSTOP, isForeground: true), .stopSelf),
            Step(.resumed(mayContinue: true, isForeground: true), .send(SIGCONT))
        ),
        Scenario(
            "a child that needs the terminal gets it while this process has it",
            Step(.stopped(SIGTTOU, isForeground: true), .giveTerminal, .send(SIGCONT)),
            Step(
                .ended(.exited(0)),
                .takeTerminal(restoringModes: false),
                .finish(.exited(0))
            )
        ),
        Scenario(
            "a lock that was lost during a stop kills the child",
            hasTerminal: true,
            Step(.stopped(SIGTSTP, isForeground: false), .takeTerminal(restoringModes: true), .stopSelf),
            Step(.resumed(mayContinue: false, isForeground: true), .send(SIGKILL)),
            Step(.received(SIGCONT), .send(SIGCONT)),
            Step(.ended(.signalled(SIGKILL)), .send(SIGKILL), .awaitGroup),
            Step(.groupEnded, .finish(.signalled(SIGKILL)))
        ),
        Scenario(
            "an order overtakes a stop",
            Step(.ordered(.terminate), .send(SIGTERM), .send(SIGCONT)),
            Step(.stopped(SIGTSTP, isForeground: true), .send(SIGCONT)),
            Step(.stopped(SIGTTOU, isForeground: false)),
            Step(.stopped(SIGTTOU, isForeground: true), .giveTerminal, .send(SIGCONT))
        ),
    ]

    static let refusedStops = [
        Scenario(
            "an orphaned group is not stopped by Ctrl-Z",
            hasTerminal: true,
            Step(.stopped(SIGTSTP, isForeground: false), .takeTerminal(restoringModes: true), .stopSelf),
            Step(.stopRefused(mayContinue: true, isForeground: true), .giveTerminal, .send(SIGCONT))
        ),
        Scenario(
            "an orphaned group that reads from the terminal is hung up once, and never made to spin",
            Step(.stopped(SIGTTIN, isForeground: false), .stopSelf),
            Step(.stopRefused(mayContinue: true, isForeground: false), .send(SIGHUP), .send(SIGCONT)),
            Step(.stopped(SIGTTIN, isForeground: false), .stopSelf),
            Step(.stopRefused(mayContinue: true, isForeground: false)),
            Step(.received(SIGTERM), .send(SIGTERM), .send(SIGCONT))
        ),
        Scenario(
            "a child of an orphaned group stays stopped until somebody continues it",
            Step(.stopped(SIGSTOP, isForeground: false), .stopSelf),
            Step(.stopRefused(mayContinue: true, isForeground: false)),
            Step(.received(SIGUSR1), .send(SIGUSR1)),
            Step(.continued(isForeground: false)),
            Step(.received(SIGCONT), .send(SIGCONT))
        ),
        Scenario(
            "a child of an orphaned group is continued through this process",
            Step(.stopped(SIGSTOP, isForeground: false), .stopSelf),
            Step(.stopRefused(mayContinue: true, isForeground: false)),
            Step(.received(SIGCONT), .checkResumption),
            Step(.resumed(mayContinue: true, isForeground: false), .send(SIGCONT))
        ),
        Scenario(
            "a child of an orphaned group is not continued without the lock",
            Step(.stopped(SIGSTOP, isForeground: false), .stopSelf),
            Step(.stopRefused(mayContinue: true, isForeground: false)),
            Step(.received(SIGCONT), .checkResumption),
            Step(.resumed(mayContinue: false, isForeground: false), .send(SIGKILL))
        ),
    ]

    static var scenarios: [Scenario] { endings + stops + refusedStops }
}
