import Testing

@testable import DistributedLocks

/// A naive model of what a queue should do: two lists and a counter.
struct QueueModel {
    struct Holder: Hashable {
        let owner: OwnerID
        let mode: LockMode
        let token: UInt64
    }

    var holders: [Holder] = []
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

    /// What a request gives: the token, or how many were ahead; `nil` if it is refused.
    mutating func request(_ owner: OwnerID, _ mode: LockMode, mayWait: Bool, floor: UInt64) -> Answer {
        if waiters.isEmpty, fits(mode) {
            last = max(floor, last + 1)
            holders.append(Holder(owner: owner, mode: mode, token: last))
            return .granted(last)
        }
        guard mayWait else { return .refused(waiters.count) }
        waiters.append((owner, mode))
        return .queued(waiters.count - 1)
    }

    enum Answer: Hashable {
        case granted(UInt64)
        case queued(Int)
        case refused(Int)
    }

    mutating func remove(_ owner: OwnerID) -> QueueRemoval {
        let removal: QueueRemoval =
            holders.contains { $0.owner == owner }
            ? .holder : waiters.contains { $0.owner == owner } ? .waiter : .absent
        holders.removeAll { $0.owner == owner }
        waiters.removeAll { $0.owner == owner }
        return removal
    }

    /// First come, first served: whoever stands at the head, as long as it fits.
    mutating func serve(floor: UInt64) -> [OwnerID] {
        var served: [OwnerID] = []
        while let head = waiters.first, fits(head.mode) {
            waiters.removeFirst()
            last = max(floor, last + 1)
            holders.append(Holder(owner: head.owner, mode: head.mode, token: last))
            served.append(head.owner)
        }
        return served
    }
}

extension QueueStorage {
    /// Compares everything with the model, and with the promises themselves.
    mutating func expect(_ model: QueueModel) throws {
        let holders = try holders(atMost: .max)
        let waiters = try waiters()
        #expect(
            holders.map { QueueModel.Holder(owner: $0.owner, mode: $0.mode, token: $0.token?.rawValue ?? 0) }
                == model.holders
        )
        #expect(waiters.map(\.owner) == model.waiters.map(\.owner))
        #expect(waiters.allSatisfy { $0.token == nil })
        #expect(control.lastToken.rawValue == model.last)
        #expect(control.isIdle == (model.holders.isEmpty && model.waiters.isEmpty))
        let kinds = holders.map(\.mode)
        if kinds.contains(.exclusive) { #expect(kinds.count == 1) }
        if kinds.contains(.shared) { #expect(Set(kinds) == [.shared]) }
        if kinds.contains(.permit(of: 3)) { #expect(kinds.count <= 3) }
        let tokens = holders.compactMap(\.token)
        #expect(tokens == tokens.sorted() && Set(tokens).count == tokens.count)
    }
}
