import DistributedLocksTesting
import Testing

@testable import DistributedLocks

/// What holds in every life of a lease, whatever happens in whichever order.
@Suite("LeaseMachine, at random")
struct LeaseMachineRandomTests {
    @Test("No sequence of events breaks an invariant", arguments: 0..<40)
    func events(seed: UInt64) {
        for life in 0..<50 { check(seed: seed << 32 | UInt64(life)) }
    }

    /// A number of 512ths, which are exact as numbers and as nanoseconds.
    private func draw(_ range: ClosedRange<Double>, _ random: inout SeededGenerator) -> Double {
        (Double.random(in: range, using: &random) * 512).rounded(.up) / 512
    }

    private func check(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let ttl = draw(0.05...60, &random)
        let atMost = Bool.random(using: &random) ? draw(0.01...200, &random) : nil
        let atLeast =
            Bool.random(using: &random) ? draw(0...min(atMost ?? 100, 100), &random) : nil
        let expires = Int.random(in: 0..<5, using: &random) > 0
        let storeKeeps = Bool.random(using: &random)
        let isHandedOut = Int.random(in: 0..<5, using: &random) > 0
        let machine = MachineDriver(
            validity: expires ? .until(.at(ttl)) : .unlimited,
            ttl: .seconds(ttl),
            atLeast: atLeast.map { .seconds($0) },
            atMost: atMost.map { .seconds($0) },
            storeKeeps: storeKeeps,
            isHandedOut: isHandedOut,
            random: RandomSource(SeededGenerator(seed: seed &+ 1))
        )
        var life = Observed(atMost: atMost, latestConfirmed: expires ? ttl : nil)
        if storeKeeps, isHandedOut { life.keptUntil = atLeast }
        var now = 0.0
        for _ in 0..<60 {
            if Bool.random(using: &random), let wake = machine.nextWake {
                now = max(now, wake.offset.seconds)
            } else {
                now += draw(0...(ttl / 3), &random)
            }
            let event = self.event(at: now, ttl: ttl, &random)
            // What the clock says just before the answer arrives must stay true.
            let before = machine.state(at: now)
            let effects = machine.feed(event, at: .at(now))
            let after = machine.state(at: now)
            life.saw(event, effects, before: before, after: after, at: now)
            if storeKeeps, machine.isLingering { life.failure = "this process keeps what the store can keep" }
            checkWakes(machine, at: now, seed: seed)
            if let failure = life.failure {
                Issue.record("seed \(seed), \(event) at \(now): \(failure)")
                return
            }
        }
    }

    private func event(at now: Double, ttl: Double, _ random: inout SeededGenerator) -> MachineEvent {
        switch Int.random(in: 0..<40, using: &random) {
        case 0..<20: .clock
        case 20..<30: .confirmed(until: now - draw(0...(ttl / 3), &random) + ttl)
        case 30..<36: .unknown
        case 36: .refused(.removed)
        case 37: .loss(.revoked)
        case 38: .release
        default: Bool.random(using: &random) ? .close : .release
        }
    }

    /// A machine that has a deadline wants to be woken, and being woken brings it on.
    private func checkWakes(_ machine: MachineDriver, at now: Double, seed: UInt64) {
        if case .lost = machine.state(at: now), !machine.isLingering {
            #expect(machine.nextWake == nil, "seed \(seed): an ended lease wants to be woken")
            return
        }
        if machine.end != nil {
            #expect(machine.nextWake != nil, "seed \(seed): nobody watches the deadline")
        }
        if let wake = machine.nextWake, let end = machine.end {
            #expect(wake <= end || machine.isLingering, "seed \(seed): woken after the deadline")
        }
    }

    @Test("Being woken always brings it on, so that nothing spins", arguments: 0..<20)
    func progress(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<50 {
            let ttl = Double.random(in: 0.02...60, using: &random)
            let machine = MachineDriver(
                validity: .until(.at(ttl)),
                ttl: .seconds(ttl),
                atLeast: Bool.random(using: &random) ? .seconds(ttl * 3) : nil,
                atMost: Bool.random(using: &random) ? .seconds(ttl * 5) : nil
            )
            if Bool.random(using: &random) { machine.feed(.release, at: .at(0)) }
            var wakes = 0
            while let wake = machine.nextWake, wakes < 200 {
                wakes += 1
                // As early as the slack allows: the worst case.
                let now = wake.advanced(by: .zero - machine.wakeSlack)
                let effects = machine.feed(.clock, at: now)
                if effects.contains(.renew), Bool.random(using: &random) {
                    machine.feed(.confirmed(until: (now.offset + .seconds(ttl)).seconds), at: now)
                }
                if let next = machine.nextWake {
                    #expect(next > wake, "seed \(seed): woken at \(wake) for nothing")
                }
            }
        }
    }
}

/// Watches one life from outside.
private struct Observed {
    let atMost: Double?
    var latestConfirmed: Double?
    /// Until when the store keeps what is done with before.
    var keptUntil: Double?
    var ended: LossReason?
    var endings = 0
    var lossesAnnounced = 0
    var failure: String?

    init(atMost: Double?, latestConfirmed: Double?) {
        self.atMost = atMost
        self.latestConfirmed = latestConfirmed
    }

    mutating func saw(
        _ event: MachineEvent,
        _ effects: LeaseMachine.Effects,
        before: LeaseState,
        after: LeaseState,
        at now: Double
    ) {
        if case .confirmed(let until) = event, let latest = latestConfirmed, isLive(before) {
            latestConfirmed = max(latest, until)
        }
        for ending in [.giveBack, .giveBackLater, .gone] as [LeaseMachine.Effects] where effects.contains(ending) {
            endings += 1
        }
        if endings > 1 { failure = "it ended twice" }
        checkKeeping(event, effects, before: before, after: after, at: now)
        if !isLive(before), isLive(after) { failure = "it came back to life" }
        if isLive(after), let latestConfirmed, now >= latestConfirmed { failure = "alive after its deadline" }
        if isLive(after), let atMost, now >= atMost { failure = "alive after holdAtMost" }
        if case .unconfirmed(let until) = after, until.offset.seconds <= now { failure = "unconfirmed until the past" }
        guard case .lost(let reason) = after else { return }
        if let ended, ended != reason { failure = "it ended for \(ended), then for \(reason)" }
        ended = reason
        if effects.contains(.announce) { lossesAnnounced += 1 }
        if lossesAnnounced > 1 { failure = "the loss was announced twice" }
    }

    /// The store keeps what its user is done with too early, and nothing else.
    private mutating func checkKeeping(
        _ event: MachineEvent,
        _ effects: LeaseMachine.Effects,
        before: LeaseState,
        after: LeaseState,
        at now: Double
    ) {
        let isEnd = (event == .release || event == .close) && isLive(before) && !isLive(after)
        let mustKeep = isEnd && keptUntil.map { now < $0 } ?? false
        if effects.contains(.giveBackLater) != mustKeep { failure = mustKeep ? "it is not kept" : "it is kept" }
    }

    private func isLive(_ state: LeaseState) -> Bool {
        if case .lost = state { false } else { true }
    }
}
