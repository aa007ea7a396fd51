import DistributedLocksTesting
import Testing

@testable import DistributedLocks

/// The queue against a naive model of what it should do: two lists and a counter.
@Suite struct LockQueueModelTests {
    typealias Queue = LockQueue<Int>

    private struct Model {
        var holders: [(owner: OwnerID, mode: LockMode, token: UInt64)] = []
        var waiters: [(owner: OwnerID, mode: LockMode)] = []
        var last: UInt64 = 0

        func fits(_ mode: LockMode) -> Bool {
            if holders.isEmpty { return true }
            switch mode {
            case .exclusive: return false
            case .shared: return !holders.contains { $0.mode != .shared }
            case .permit(let limit): return !holders.contains { $0.mode.kind != .permit } && holders.count < limit
            }
        }

        /// First come, first served: whoever stands at the head, as long as it fits.
        mutating func serve(floor: UInt64) -> [OwnerID] {
            var served: [OwnerID] = []
            while let head = waiters.first, fits(head.mode) {
                waiters.removeFirst()
                last = max(floor, last + 1)
                holders.append((head.owner, head.mode, last))
                served.append(head.owner)
            }
            return served
        }
    }

    @Test("It does what the model does, and never lets two in who exclude each other", arguments: 0..<60)
    func model(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var queue = Queue()
        var model = Model()
        var issued: [UInt64] = []
        let modes: [LockMode] = [.exclusive, .shared, .shared, .permit(of: 3)]
        for step in 0..<300 {
            let floor = Bool.random(using: &random) ? 0 : UInt64.random(in: 0...UInt64(step * 2), using: &random)
            let owner = OwnerID(high: 0, low: UInt64.random(in: 0..<12, using: &random))
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<6:
                let mode = modes.randomElement(using: &random) ?? .exclusive
                let mayWait = Int.random(in: 0..<4, using: &random) > 0
                let entry = Queue.Entry(owner: owner, mode: mode, holder: Holder(), tag: step)
                let decision = try queue.request(entry, mayWait: mayWait, floor: FencingToken(rawValue: floor))
                let expected = expected(&model, owner, mode, mayWait: mayWait, floor: floor)
                #expect(decision == expected)
            case 6..<9:
                let isHolder = model.holders.contains { $0.owner == owner }
                let isWaiter = model.waiters.contains { $0.owner == owner }
                let removal = queue.remove(owner)
                #expect(removal == (isHolder ? .holder : isWaiter ? .waiter : .absent))
                model.holders.removeAll { $0.owner == owner }
                model.waiters.removeAll { $0.owner == owner }
            default:
                let removed = try queue.removeHolders(meantBy: .any, of: LockName("a"))
                #expect(removed.map(\.owner) == model.holders.map(\.owner))
                model.holders = []
            }
            let granted = queue.promote(floor: FencingToken(rawValue: floor)) { $0 }
            let served = model.serve(floor: floor)
            #expect(granted.map(\.owner) == served)
            compare(queue, model)
            if let newest = queue.holders.compactMap(\.token?.rawValue).max() { issued.append(newest) }
        }
        #expect(queue.lastToken.rawValue >= issued.max() ?? 0)
    }

    private func expected(
        _ model: inout Model,
        _ owner: OwnerID,
        _ mode: LockMode,
        mayWait: Bool,
        floor: UInt64
    ) -> Queue.Decision {
        if let held = model.holders.first(where: { $0.owner == owner }) {
            return .granted(FencingToken(rawValue: held.token))
        }
        if let place = model.waiters.firstIndex(where: { $0.owner == owner }) { return .queued(ahead: place) }
        if model.waiters.isEmpty, model.fits(mode) {
            model.last = max(floor, model.last + 1)
            model.holders.append((owner, mode, model.last))
            return .granted(FencingToken(rawValue: model.last))
        }
        guard mayWait else { return .refused }
        model.waiters.append((owner, mode))
        return .queued(ahead: model.waiters.count - 1)
    }

    private func compare(_ queue: Queue, _ model: Model) {
        #expect(queue.holders.map(\.owner) == model.holders.map(\.owner))
        #expect(queue.holders.map(\.token?.rawValue) == model.holders.map(\.token))
        #expect(queue.waiters.map(\.owner) == model.waiters.map(\.owner))
        #expect(queue.waiters.allSatisfy { $0.token == nil })
        #expect(queue.lastToken.rawValue == model.last)
        #expect(queue.isIdle == (model.holders.isEmpty && model.waiters.isEmpty))
        // Said without the model: the promises themselves.
        let kinds = queue.holders.map(\.mode)
        if kinds.contains(.exclusive) { #expect(kinds.count == 1) }
        if kinds.contains(.shared) { #expect(Set(kinds) == [.shared]) }
        if kinds.contains(.permit(of: 3)) { #expect(kinds.count <= 3) }
        let tokens = queue.holders.compactMap(\.token)
        #expect(tokens == tokens.sorted() && Set(tokens).count == tokens.count)
    }

    private func entry(_ number: UInt64, _ mode: LockMode = .exclusive, host: String? = nil) -> Queue.Entry {
        Queue.Entry(owner: OwnerID(high: 0, low: number), mode: mode, holder: Holder(host: host), tag: 0)
    }

    @Test("Dead waiters are dropped on the way to one who lives")
    func deadWaiters() throws {
        var queue = Queue()
        let floor = FencingToken(rawValue: 1)
        for number in 0..<5 { _ = try queue.request(entry(UInt64(number)), mayWait: true, floor: floor) }
        _ = queue.remove(OwnerID(high: 0, low: 0))
        let granted = queue.promote(floor: floor) { $0.owner.low < 3 ? nil : $0 }
        #expect(granted.map(\.owner.low) == [3])
        #expect(queue.waiters.map(\.owner.low) == [4])
        #expect(queue.lastToken.rawValue == 2, "the dead use up no token")
    }

    @Test("All who use a semaphore must agree on its permits")
    func limits() throws {
        var queue = Queue()
        let floor = FencingToken(rawValue: 1)
        _ = try queue.request(entry(1, .permit(of: 2)), mayWait: true, floor: floor)
        #expect(throws: LockError.invalid("the semaphore is in use with 2 permits; 3 were asked for")) {
            try queue.request(entry(2, .permit(of: 3)), mayWait: true, floor: floor)
        }
        #expect(queue.holders.count == 1)
    }

    @Test("Who is in the way: never oneself")
    func contention() throws {
        var queue = Queue()
        let floor = FencingToken(rawValue: 1)
        for number in 0..<3 {
            _ = try queue.request(entry(UInt64(number), host: "h\(number)"), mayWait: true, floor: floor)
        }
        #expect(queue.contention(for: OwnerID(high: 0, low: 2)) == Contention(holders: [Holder(host: "h0")], ahead: 1))
        #expect(queue.contention(for: OwnerID(high: 9, low: 9)) == Contention(holders: [Holder(host: "h0")], ahead: 2))
        #expect(queue.contention(for: OwnerID(high: 0, low: 0)).holders.isEmpty)
    }

    @Test("Only a holder's tag is replaced; what is gone is removed everywhere")
    func tags() throws {
        var queue = Queue()
        let floor = FencingToken(rawValue: 1)
        for number in 0..<3 { _ = try queue.request(entry(UInt64(number)), mayWait: true, floor: floor) }
        let holder = queue.updateHolder(OwnerID(high: 0, low: 0), tag: 7)
        let waiter = queue.updateHolder(OwnerID(high: 0, low: 1), tag: 7)
        #expect(holder && !waiter)
        let gone = queue.prune { $0.tag == 7 || $0.owner.low == 2 }
        #expect(gone.map(\.owner.low) == [0, 2])
        #expect(queue.holders.isEmpty)
        #expect(queue.waiters.map(\.owner.low) == [1])
    }
}
