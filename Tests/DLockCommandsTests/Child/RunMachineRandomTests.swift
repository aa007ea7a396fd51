import Testing

@testable import DLockCommands

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Random events in any order, answers to questions included.
@Suite("Run machine with random events")
struct RunMachineRandomTests {
    /// SplitMix64, so that a seed stands for a sequence on every platform.
    private struct Generator: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9e37_79b9_7f4a_7c15
            var mixed = state
            mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
            return mixed ^ (mixed >> 31)
        }
    }

    private static func event(using generator: inout Generator) -> RunEvent {
        let signals = [SIGINT, SIGTERM, SIGHUP, SIGTSTP, SIGCONT, SIGWINCH]
        let stops = [SIGTSTP, SIGSTOP, SIGTTIN, SIGTTOU]
        let isForeground = Bool.random(using: &generator)
        let mayContinue = Int.random(in: 0..<4, using: &generator) > 0
        switch Int.random(in: 0..<23, using: &generator) {
        case 0..<6: return .received(signals.randomElement(using: &generator) ?? SIGINT)
        case 6..<11: return .stopped(stops.randomElement(using: &generator) ?? SIGSTOP, isForeground: isForeground)
        case 11..<13: return .continued(isForeground: isForeground)
        case 13..<15: return .resumed(mayContinue: mayContinue, isForeground: isForeground)
        case 15..<17: return .stopRefused(mayContinue: mayContinue, isForeground: isForeground)
        case 17: return .ordered(.terminate)
        case 18: return .ordered(.kill)
        case 19: return .groupEnded
        case 20: return .groupLimitReached
        case 21: return .ended(.signalled(SIGINT))
        default: return .ended(.exited(0))
        }
    }

    @Test("Keeps its promises")
    func invariants() {
        for seed in 0..<5_000 as Range<UInt64> {
            checkInvariants(seed: seed)
        }
    }

    private func checkInvariants(seed: UInt64) {
        var generator = Generator(state: seed)
        var machine = RunMachine(hasTerminal: Bool.random(using: &generator))
        var isFinished = false
        var isOrdered = false
        var isDraining = false
        var mustDrain = false
        for _ in 0..<40 {
            let event = Self.event(using: &generator)
            let actions = machine.handle(event)
            if isFinished {
                #expect(actions.isEmpty, "seed \(seed)")
            }
            if isOrdered || isDraining {
                #expect(!actions.contains(.stopSelf), "nothing stops a process that gives away a lock")
                #expect(!actions.contains(.send(SIGTSTP)))
            }
            if actions.contains(.send(SIGKILL)) || event == .ordered(.kill) || event == .ordered(.terminate) {
                isOrdered = true
            }
            checkQuestions(in: actions)
            if [.received(SIGINT), .received(SIGTERM), .received(SIGHUP)].contains(event), !isFinished {
                mustDrain = true
            }
            switch event {
            case .ended(let exit) where !isFinished && !isDraining:
                if isOrdered || mustDrain || exit.wasEndedBySomebody {
                    #expect(actions.last == .awaitGroup, "seed \(seed)")
                    #expect(actions.first == (isOrdered ? .send(SIGKILL) : .limitGroup), "seed \(seed)")
                    isDraining = true
                } else {
                    #expect(actions.last == .finish(exit), "seed \(seed)")
                    isFinished = true
                }
            case .groupEnded where isDraining && !isFinished:
                #expect(actions.contains { if case .finish = $0 { true } else { false } }, "seed \(seed)")
                isFinished = true
            default:
                #expect(!actions.contains { if case .finish = $0 { true } else { false } }, "seed \(seed)")
            }
            #expect(machine.isFinished == isFinished)
        }
    }

    @Test("Has the terminal back whenever it stops or finishes")
    func terminal() {
        for seed in 0..<5_000 as Range<UInt64> {
            checkTerminal(seed: seed)
        }
    }

    private func checkTerminal(seed: UInt64) {
        var generator = Generator(state: seed)
        var machine = RunMachine(hasTerminal: false)
        var isLent = false
        for _ in 0..<40 {
            for action in machine.handle(Self.event(using: &generator)) {
                switch action {
                case .giveTerminal: isLent = true
                case .takeTerminal:
                    #expect(isLent, "seed \(seed)")
                    isLent = false
                case .stopSelf, .finish: #expect(!isLent, "seed \(seed)")
                case .send, .checkResumption, .awaitGroup, .limitGroup: break
                }
            }
        }
    }

    /// An action that is answered has to be the last one.
    private func checkQuestions(in actions: [RunAction]) {
        #expect(!actions.dropLast().contains { $0 == .stopSelf || $0 == .checkResumption })
    }
}
