import Testing

@testable import DistributedLocks

/// The life of a lease, step by step: 30 s, renewed every 10 s, retried every second.
@Suite("LeaseMachine, by table")
struct LeaseMachineTableTests {
    struct Step: Sendable {
        let seconds: Double
        let event: MachineEvent
        let effects: LeaseMachine.Effects
        let state: LeaseState

        init(_ seconds: Double, _ event: MachineEvent, _ effects: LeaseMachine.Effects, _ state: LeaseState) {
            self.seconds = seconds
            self.event = event
            self.effects = effects
            self.state = state
        }
    }

    struct Life: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var validity: Grant.Validity = .until(.at(30))
        var atLeast: Duration?
        var atMost: Duration?
        var storeKeeps = false
        var isHandedOut = true
        let steps: [Step]
    }

    static let over: LeaseMachine.Effects = [.giveBack, .announce]
    static let kept: LeaseMachine.Effects = [.giveBackLater, .announce]
    static let gone: LeaseMachine.Effects = [.gone, .announce]

    static let lives: [Life] = [
        Life(
            testDescription: "renewed in time, then released",
            steps: [
                Step(9.7, .clock, [], .held),
                Step(9.8, .clock, .renew, .held),
                Step(10, .clock, [], .held),
                Step(10.1, .confirmed(until: 40), [], .held),
                Step(20.1, .clock, .renew, .held),
                Step(20.2, .confirmed(until: 50), [], .held),
                Step(21, .release, over, .lost(.released)),
                Step(22, .release, [], .lost(.released)),
                Step(60, .clock, [], .lost(.released)),
            ]
        ),
        Life(
            testDescription: "released before anything happened, and nothing afterwards counts",
            steps: [
                Step(1, .release, over, .lost(.released)),
                Step(2, .confirmed(until: 90), [], .lost(.released)),
                Step(3, .refused(.removed), [], .lost(.released)),
                Step(4, .loss(.revoked), [], .lost(.released)),
                Step(5, .close, [], .lost(.released)),
                Step(6, .unknown, [], .lost(.released)),
            ]
        ),
        Life(
            testDescription: "a renewal fails, the next one works",
            steps: [
                Step(10, .clock, .renew, .held),
                Step(11, .unknown, .announce, .unconfirmed(until: .at(30))),
                Step(11.5, .clock, [], .unconfirmed(until: .at(30))),
                Step(12, .clock, .renew, .unconfirmed(until: .at(30))),
                Step(12.1, .confirmed(until: 42), .announce, .held),
            ]
        ),
        Life(
            testDescription: "a renewal is not answered: overdue, retried, expired on time",
            steps: [
                Step(10, .clock, .renew, .held),
                Step(19.9, .clock, [], .held),
                Step(20, .clock, [.renew, .announce], .unconfirmed(until: .at(30))),
                Step(20.5, .clock, [], .unconfirmed(until: .at(30))),
                Step(21, .clock, .renew, .unconfirmed(until: .at(30))),
                Step(21.5, .unknown, [], .unconfirmed(until: .at(30))),
                Step(30, .clock, over, .lost(.expired)),
                Step(30.1, .confirmed(until: 60), [], .lost(.expired)),
            ]
        ),
        Life(
            testDescription: "a confirmation after the deadline does not bring it back, even before the timer",
            steps: [
                Step(10, .clock, .renew, .held),
                Step(30, .confirmed(until: 60), over, .lost(.expired)),
                Step(31, .confirmed(until: 60), [], .lost(.expired)),
            ]
        ),
        Life(
            testDescription: "a failure after the deadline ends it once",
            steps: [
                Step(10, .clock, .renew, .held),
                Step(30.5, .unknown, over, .lost(.expired)),
                Step(31, .clock, [], .lost(.expired)),
            ]
        ),
        Life(
            testDescription: "an answer after holdAtMost ends it once",
            atMost: .seconds(15),
            steps: [
                Step(10, .clock, .renew, .held),
                Step(11, .unknown, .announce, .unconfirmed(until: .at(30))),
                Step(15, .confirmed(until: 45), over, .lost(.heldTooLong)),
                Step(15, .clock, [], .lost(.heldTooLong)),
            ]
        ),
        Life(
            testDescription: "an old answer never shortens it",
            steps: [
                Step(10, .clock, .renew, .held),
                Step(20, .clock, [.renew, .announce], .unconfirmed(until: .at(30))),
                Step(21, .confirmed(until: 49), .announce, .held),
                Step(22, .confirmed(until: 39), [], .held),
                Step(40, .clock, .renew, .held),
                Step(49, .clock, over, .lost(.expired)),
            ]
        ),
        Life(
            testDescription: "refused: the store holds nothing, nothing is given back",
            steps: [
                Step(10, .clock, .renew, .held),
                Step(10.1, .refused(.removed), gone, .lost(.removed)),
                Step(11, .release, [], .lost(.removed)),
            ]
        ),
        Life(
            testDescription: "the store reports a loss",
            steps: [
                Step(1, .loss(.revoked), gone, .lost(.revoked)),
                Step(2, .loss(.sessionEnded), [], .lost(.revoked)),
            ]
        ),
        Life(
            testDescription: "closed while held",
            steps: [
                Step(1, .close, over, .lost(.closed)),
                Step(2, .close, [], .lost(.closed)),
            ]
        ),
        Life(
            testDescription: "holdAtMost ends a lease that is renewed",
            atMost: .seconds(25),
            steps: [
                Step(10, .clock, .renew, .held),
                Step(10.1, .confirmed(until: 40), [], .held),
                Step(25, .clock, over, .lost(.heldTooLong)),
            ]
        ),
        Life(
            testDescription: "holdAtMost ends a lease that does not expire",
            validity: .unlimited,
            atMost: .seconds(5),
            steps: [
                Step(4, .clock, [], .held),
                Step(5, .clock, over, .lost(.heldTooLong)),
            ]
        ),
        Life(
            testDescription: "a lease that does not expire stays",
            validity: .unlimited,
            steps: [
                Step(1_000_000, .clock, [], .held),
                Step(1_000_001, .confirmed(until: 5), [], .held),
                Step(1_000_002, .release, over, .lost(.released)),
            ]
        ),
        Life(
            testDescription: "a store that stops expiring it is believed",
            steps: [
                Step(10, .clock, .renew, .held),
                Step(20, .clock, [.renew, .announce], .unconfirmed(until: .at(30))),
                Step(21, .confirmedForEver, .announce, .held),
                Step(1_000, .clock, [], .held),
            ]
        ),
        Life(
            testDescription: "holdAtLeast: over for the user, renewed, given back on time, said once",
            atLeast: .seconds(35),
            steps: [
                Step(1, .release, .announce, .lost(.released)),
                Step(2, .release, [], .lost(.released)),
                Step(10, .clock, .renew, .lost(.released)),
                Step(11, .unknown, [], .lost(.released)),
                Step(12, .clock, .renew, .lost(.released)),
                Step(12.1, .confirmed(until: 42), [], .lost(.released)),
                Step(35, .clock, .giveBack, .lost(.released)),
                Step(36, .clock, [], .lost(.released)),
            ]
        ),
        Life(
            testDescription: "holdAtLeast has passed already",
            atLeast: .seconds(5),
            steps: [Step(5, .release, over, .lost(.released))]
        ),
        Life(
            testDescription: "holdAtLeast, cut short by closing",
            atLeast: .seconds(20),
            steps: [
                Step(1, .release, .announce, .lost(.released)),
                Step(2, .close, .giveBack, .lost(.released)),
            ]
        ),
        Life(
            testDescription: "holdAtLeast, lost meanwhile: the user's reason stays",
            atLeast: .seconds(20),
            steps: [
                Step(1, .release, .announce, .lost(.released)),
                Step(2, .loss(.revoked), .gone, .lost(.released)),
            ]
        ),
        Life(
            testDescription: "holdAtLeast, expired meanwhile",
            atLeast: .seconds(40),
            steps: [
                Step(1, .release, .announce, .lost(.released)),
                Step(10, .clock, .renew, .lost(.released)),
                Step(30, .clock, .giveBack, .lost(.released)),
            ]
        ),
        Life(
            testDescription: "holdAtLeast on a store that keeps it: the store is asked to, and the life is over",
            atLeast: .seconds(35),
            storeKeeps: true,
            steps: [
                Step(1, .release, kept, .lost(.released)),
                Step(2, .release, [], .lost(.released)),
                Step(3, .close, [], .lost(.released)),
                Step(10, .clock, [], .lost(.released)),
                Step(35, .clock, [], .lost(.released)),
            ]
        ),
        Life(
            testDescription: "holdAtLeast on a store that keeps it, closed while held: kept for the rest",
            atLeast: .seconds(20),
            storeKeeps: true,
            steps: [Step(1, .close, kept, .lost(.closed)), Step(2, .release, [], .lost(.closed))]
        ),
        Life(
            testDescription: "holdAtLeast has passed on a store that keeps it: given back at once",
            atLeast: .seconds(5),
            storeKeeps: true,
            steps: [Step(5, .close, over, .lost(.closed))]
        ),
        Life(
            testDescription: "holdAtLeast on a store that keeps it, but the lease is lost: given back at once",
            atLeast: .seconds(40),
            storeKeeps: true,
            steps: [Step(30, .release, over, .lost(.expired))]
        ),
        Life(
            testDescription: "holdAtLeast, closed before anybody got it: given back at once, kept by nobody",
            atLeast: .seconds(20),
            storeKeeps: true,
            isHandedOut: false,
            steps: [Step(0, .close, over, .lost(.closed)), Step(0, .handOut, [], .lost(.closed))]
        ),
        Life(
            testDescription: "holdAtLeast, dropped before anybody got it: given back at once, kept by nobody",
            atLeast: .seconds(20),
            isHandedOut: false,
            steps: [Step(0, .release, over, .lost(.released))]
        ),
        Life(
            testDescription: "released after the deadline: that was a loss",
            steps: [Step(30, .release, over, .lost(.expired))]
        ),
        Life(
            testDescription: "closed after the deadline: that was a loss",
            steps: [Step(31, .close, over, .lost(.expired))]
        ),
    ]

    @Test(arguments: lives)
    func life(_ life: Life) {
        let machine = MachineDriver(
            validity: life.validity,
            atLeast: life.atLeast,
            atMost: life.atMost,
            storeKeeps: life.storeKeeps,
            isHandedOut: life.isHandedOut
        )
        for step in life.steps {
            let effects = machine.feed(step.event, at: .at(step.seconds))
            let place: Comment = "\(step.event) at \(step.seconds)"
            #expect(effects == step.effects, place)
            #expect(machine.state(at: step.seconds) == step.state, place)
        }
    }

    @Test("The clock alone ends a lease, whoever is late")
    func clockDecides() {
        let machine = MachineDriver(atMost: .seconds(20))
        #expect(machine.state(at: 19.999) == .held)
        #expect(machine.state(at: 20) == .lost(.heldTooLong))
        #expect(MachineDriver().state(at: 30) == .lost(.expired))
    }

    @Test("An unanswered renewal shows before any timer")
    func overdueShows() {
        let machine = MachineDriver()
        machine.feed(.clock, at: .at(10))
        #expect(machine.state(at: 19.999) == .held)
        #expect(machine.state(at: 20) == .unconfirmed(until: .at(30)))
    }

    @Test("A wake-up for a renewal may come early, one for a deadline not")
    func slack() {
        let machine = MachineDriver()
        #expect(machine.nextWake == .at(10))
        #expect(machine.wakeSlack == .milliseconds(200))
        machine.feed(.clock, at: .at(10))
        #expect(machine.nextWake == .at(20))
        #expect(machine.wakeSlack == .zero)
        let limited = MachineDriver(atMost: .seconds(3))
        #expect(limited.nextWake == .at(3))
        #expect(limited.wakeSlack == .zero)
        #expect(MachineDriver(validity: .unlimited).nextWake == nil)
    }

    @Test("A grant that was long under way is renewed in time for a second attempt")
    func lateGrant() {
        #expect(MachineDriver(validity: .until(.at(24))).nextWake == .at(4))
        // Never at once, or a slow store would be asked without a pause.
        #expect(MachineDriver(validity: .until(.at(12))).nextWake == .at(1))
        let machine = MachineDriver()
        machine.feed(.clock, at: .at(10))
        machine.feed(.confirmed(until: 40), at: .at(18))
        #expect(machine.nextWake == .at(20))
    }

    @Test func endIsTheEarlierOne() {
        #expect(MachineDriver().end == .at(30))
        #expect(MachineDriver(atMost: .seconds(7)).end == .at(7))
        #expect(MachineDriver(atMost: .seconds(70)).end == .at(30))
        #expect(MachineDriver(validity: .unlimited).end == nil)
        #expect(MachineDriver(validity: .unlimited, atMost: .seconds(7)).end == .at(7))
    }
}
