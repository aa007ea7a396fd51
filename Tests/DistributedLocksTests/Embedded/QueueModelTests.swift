import DistributedLocksTesting
import Testing

@testable import DistributedLocks

@Suite("The queue against a naive model")
struct QueueModelTests {
    /// The queue in a file's pages, in memory; its pages stay where they are from one step to the next.
    private struct Paged {
        let pages = PagesInMemory()
        var places: [OwnerID: QueuePlace] = [:]

        func open() throws -> FileQueue {
            try #require(try FileQueue(QueuePage(bytes: pages.page(0)), name: LockName("a"), in: pages))
        }
    }

    @Test("it does what the model does, in memory and in pages", arguments: 0..<12)
    func model(seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        var memory = MemoryQueue<Int>()
        let paged = Paged()
        var model = QueueModel()
        var places: [OwnerID: (memory: QueuePlace, paged: QueuePlace)] = [:]
        let modes: [LockMode] = [.exclusive, .shared, .shared, .permit(of: 3)]
        let owners: UInt64 = seed % 3 == 0 ? 200 : 12
        for step in 0..<(seed % 3 == 0 ? 800 : 300) {
            if step % 10 == 0 { await Task.yield() }
            let floor = Bool.random(using: &random) ? 1 : UInt64.random(in: 1...UInt64(step * 2 + 1), using: &random)
            let owner = OwnerID(high: 0, low: UInt64.random(in: 0..<owners, using: &random))
            let context = QueueContext<Int>(floor: FencingToken(rawValue: floor))
            let fileContext = QueueContext<SessionTag>(floor: FencingToken(rawValue: floor))
            var (news, fileNews) = (QueueNews<Int>(), QueueNews<SessionTag>())
            var queue = try paged.open()
            let isKnown = model.holders.contains { $0.owner == owner } || model.waiters.contains { $0.owner == owner }
            // Hints that are right, wrong and missing.
            let hint = Int.random(in: 0..<4, using: &random) > 0 ? places[owner] : nil
            switch Int.random(in: 0..<20, using: &random) {
            case 0..<13 where !isKnown:
                let mode = modes.randomElement(using: &random) ?? .exclusive
                let mayWait = Int.random(in: 0..<4, using: &random) > 0
                let answer = model.request(owner, mode, mayWait: mayWait, floor: floor)
                let one = try memory.request(
                    QueueEntry(owner: owner, mode: mode, holder: Holder(), tag: step),
                    mayWait: mayWait,
                    context,
                    &news
                )
                let two = try queue.request(
                    QueueEntry(owner: owner, mode: mode, holder: Holder(), tag: session(1)),
                    mayWait: mayWait,
                    fileContext,
                    &fileNews
                )
                #expect(one.answer == answer && two.answer == answer)
                if let first = one.place, let second = two.place { places[owner] = (first, second) }
            case 0..<17:
                let removal = model.remove(owner)
                #expect(try memory.remove(owner, hint?.memory, context, &news) == removal)
                #expect(try queue.remove(owner, hint?.paged, fileContext, &fileNews) == removal)
            case 17:
                let victims = model.holders.map(\.owner)
                let name = try LockName("a")
                #expect(try memory.removeHolders(meantBy: .any, of: name, context, &news).map(\.owner) == victims)
                #expect(
                    try queue.removeHolders(meantBy: .any, of: name, fileContext, &fileNews).map(\.owner) == victims
                )
                model.holders = []
            case 18:
                // Several run out of time together.
                let expired = model.waiters.map(\.owner).filter { _ in Bool.random(using: &random) }.shuffled(
                    using: &random
                )
                let ahead = expired.map { owner in
                    model.waiters.firstIndex { $0.owner == owner }.map { QueueExpiry.removed(ahead: $0) }
                }
                let one = try memory.expire(expired.map { ($0, places[$0]?.memory) }, context, &news)
                let two = try queue.expire(expired.map { ($0, places[$0]?.paged) }, fileContext, &fileNews)
                #expect(one == ahead && two == ahead)
                for owner in expired { _ = model.remove(owner) }
            default:
                let isLeaving = { (owner: OwnerID) in owner.low % 5 == 0 }
                _ = try memory.removeAll(context, &news) { isLeaving($0.owner) }
                _ = try queue.removeAll(fileContext, &fileNews) { isLeaving($0.owner) }
                model.holders.removeAll { isLeaving($0.owner) }
                model.waiters.removeAll { isLeaving($0.owner) }
            }
            let served = model.serve(floor: floor)
            #expect(news.granted.map(\.mark.owner) == served && fileNews.granted.map(\.mark.owner) == served)
            try queue.commit()
            try memory.expect(model)
            var reopened = try paged.open()
            if !reopened.isNew { try reopened.expect(model) }
            if model.holders.isEmpty, model.waiters.isEmpty { #expect(paged.pages.count <= 1) }
        }
    }

    private func session(_ number: UInt64) -> SessionTag { SessionTag(SessionID(high: 0, low: number)) }
}

extension QueueDecision {
    var answer: QueueModel.Answer {
        switch self {
        case .granted(let token, _): .granted(token.rawValue)
        case .queued(_, let ahead): .queued(ahead)
        case .refused(let ahead): .refused(ahead)
        }
    }

    var place: QueuePlace? {
        switch self {
        case .granted(_, let place), .queued(let place, _): place
        case .refused: nil
        }
    }
}
