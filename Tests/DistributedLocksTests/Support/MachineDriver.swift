import DistributedLocksTesting

@testable import DistributedLocks

extension LeaseClock.Instant {
    static func at(_ seconds: Double) -> LeaseClock.Instant {
        LeaseClock.Instant(offset: .nanoseconds(Int64((seconds * 1e9).rounded())))
    }
}

extension RandomSource {
    private struct Zeros: RandomNumberGenerator, Sendable {
        func next() -> UInt64 { 0 }
    }

    /// No jitter at all.
    static var zeros: RandomSource { RandomSource(Zeros()) }
}

/// What can happen to a lease.
enum MachineEvent: Hashable {
    case clock
    case confirmed(until: Double)
    case confirmedForEver
    case unknown
    case refused(LossReason)
    case loss(LossReason)
    case handOut
    case release
    case close
}

/// Holds one machine, since a value that cannot be copied does not fit into an expectation.
final class MachineDriver {
    private var machine: LeaseMachine

    /// A machine that begins at zero, for a lease of 30 s unless `ttl` says otherwise: renewals are due every 10 s.
    init(
        validity: Grant.Validity = .until(.at(30)),
        ttl: Duration = .seconds(30),
        atLeast: Duration? = nil,
        atMost: Duration? = nil,
        storeKeeps: Bool = false,
        isHandedOut: Bool = true,
        random: RandomSource = .zeros
    ) {
        machine = LeaseMachine(
            validity: validity,
            pace: RenewalPace(ttl: ttl, random: random),
            start: .at(0),
            atLeast: atLeast,
            atMost: atMost,
            storeKeeps: storeKeeps
        )
        if isHandedOut { feed(.handOut, at: .at(0)) }
    }

    var nextWake: LeaseClock.Instant? { machine.nextWake }
    var wakeSlack: Duration { machine.wakeSlack }
    var end: LeaseClock.Instant? { machine.end }
    var isLingering: Bool { machine.isLingering }

    func state(at seconds: Double) -> LeaseState { machine.state(at: .at(seconds)) }
    func state(at now: LeaseClock.Instant) -> LeaseState { machine.state(at: now) }

    @discardableResult
    func feed(_ event: MachineEvent, at now: LeaseClock.Instant) -> LeaseMachine.Effects {
        let error = LockError.unreachable(store: "s", reason: "r")
        return switch event {
        case .clock: machine.clockReached(now)
        case .confirmed(let until): machine.renewalAnswered(.confirmed(.until(.at(until))), at: now)
        case .confirmedForEver: machine.renewalAnswered(.confirmed(.unlimited), at: now)
        case .unknown: machine.renewalAnswered(.unknown(error), at: now)
        case .refused(let reason): machine.renewalAnswered(.refused(reason), at: now)
        case .loss(let reason): machine.lossReported(reason)
        case .handOut: machine.handOut(at: now)
        case .release: machine.release(at: now)
        case .close: machine.close(at: now)
        }
    }
}
