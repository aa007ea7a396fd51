import DistributedLocks
import DistributedLocksTesting

/// One thing that happens in a random schedule. Numbers choose among what there is when the step is taken.
enum Step: Sendable {
    /// Somebody asks for a lock; for ever without a timeout, once if it is zero.
    case acquire(service: Int, name: Int, mode: LockMode, timeout: Duration?)
    case cancel(Int)
    case release(Int)
    case forceRelease(name: Int)
    /// Somebody outside removes a claim, and the store notices.
    case lose(Int)
    case advance(Duration)
    /// A service stops for good; another takes its place.
    case crash(Int)
    case cutLine(Int)
    case mendLine(Int)
    case pause(Int)

    static func random(from generator: inout SeededGenerator, expires: Bool) -> Step {
        func number(_ range: Range<Int>) -> Int { Int.random(in: range, using: &generator) }
        switch number(0..<100) {
        case 0..<40: return acquire(from: &generator)
        case 40..<46: return .cancel(number(0..<1_000))
        case 46..<66: return .release(number(0..<1_000))
        case 66..<69: return .forceRelease(name: number(0..<2))
        case 69..<71: return .lose(number(0..<1_000))
        case 71..<84: return .advance(.milliseconds(number(0..<2_000)))
        case 84..<87: return .advance(.milliseconds(number(2_000..<12_000)))
        case 87..<89: return expires ? .crash(number(0..<2)) : .pause(number(0..<10))
        case 89..<91: return .cutLine(number(0..<2))
        case 91..<94: return .mendLine(number(0..<2))
        default: return .pause(number(0..<10))
        }
    }

    private static func acquire(from generator: inout SeededGenerator) -> Step {
        func number(_ range: Range<Int>) -> Int { Int.random(in: range, using: &generator) }
        let modes: [LockMode] = [.exclusive, .exclusive, .exclusive, .shared, .shared, .permit(of: 2), .permit(of: 2)]
        let timeouts: [Duration?] = [nil, nil, .zero, .milliseconds(number(1..<5_000))]
        return .acquire(
            service: number(0..<2),
            name: min(1, number(0..<4)),
            mode: modes[number(0..<modes.count)],
            timeout: timeouts[number(0..<timeouts.count)]
        )
    }
}
