import DistributedLocksTesting
import Testing

@testable import DistributedLocks

/// A process is killed after any single write of a change. Whoever notices takes its entries out; then the queue must be
/// what it would have been without the change, or with it, and everything goes on.
@Suite("A process that is killed between two writes")
struct KilledBetweenWritesTests {
    private struct Killed {
        let pages: [UInt8]
        let writes: Int
    }

    private let name: LockName

    init() throws {
        name = try LockName("a")
    }

    private func open(_ pages: PagesInMemory) throws -> FileQueue {
        try #require(try FileQueue(QueuePage(bytes: pages.page(0)), name: name, in: pages))
    }

    private func tag(_ number: UInt64) -> SessionTag { SessionTag(SessionID(high: 0, low: number)) }

    private func context(dead: UInt64?) -> QueueContext<SessionTag> {
        QueueContext(
            floor: FencingToken(rawValue: 1),
            isGone: { mark in dead.map { mark.tag.session.low == $0 } ?? false }
        )
    }

    @Test("leaves a queue that is whole", arguments: 0..<8)
    func anyWrite(seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        var bytes: [UInt8] = []
        var model = QueueModel()
        var sessions: [OwnerID: UInt64] = [:]
        let modes: [LockMode] = seed % 2 == 0 ? [.exclusive] : [.exclusive, .shared, .shared, .permit(of: 3)]
        var number: UInt64 = 0
        for _ in 0..<120 {
            number += 1
            await Task.yield()
            let actor = UInt64.random(in: 1...6, using: &random)
            let own = (model.holders.map(\.owner) + model.waiters.map(\.owner)).filter { sessions[$0] == actor }
            let change: (inout FileQueue) throws -> Void
            var expected = model
            if Bool.random(using: &random), let leaving = own.randomElement(using: &random) {
                change = { queue in
                    var news = QueueNews<SessionTag>()
                    _ = try queue.remove(leaving, nil, context(dead: nil), &news)
                    try queue.commit()
                }
                _ = expected.remove(leaving)
                _ = expected.serve(floor: 1)
            } else {
                let owner = OwnerID(high: 1, low: number)
                let mode = modes.randomElement(using: &random) ?? .exclusive
                sessions[owner] = actor
                change = { queue in
                    var news = QueueNews<SessionTag>()
                    let entry = QueueEntry(
                        owner: owner,
                        mode: mode,
                        holder: Holder(host: "h\(number)"),
                        tag: tag(actor)
                    )
                    _ = try queue.request(entry, mayWait: true, context(dead: nil), &news)
                    try queue.commit()
                }
                _ = expected.request(owner, mode, mayWait: true, floor: 1)
            }
            let whole = PagesInMemory(bytes)
            var queue = try open(whole)
            try change(&queue)
            for writes in 0..<20 {
                let pages = PagesInMemory(bytes)
                pages.writesLeft = writes
                var victim = try open(pages)
                do {
                    try change(&victim)
                    break
                } catch is LockError {
                    pages.writesLeft = nil
                    try recover(pages, dead: actor, before: model, sessions)
                }
            }
            (bytes, model) = (whole.bytes, expected)
            var reopened = try open(PagesInMemory(bytes))
            try reopened.expect(model)
        }
    }

    /// Takes the dead out, and compares with what is left of the model.
    private func recover(
        _ pages: PagesInMemory,
        dead: UInt64,
        before: QueueModel,
        _ sessions: [OwnerID: UInt64]
    ) throws {
        var queue = try open(pages)
        var news = QueueNews<SessionTag>()
        let context = context(dead: dead)
        try queue.removeAll(context, &news, where: context.isGone)
        try queue.commit()
        var model = before
        model.holders.removeAll { sessions[$0.owner] == dead }
        model.waiters.removeAll { sessions[$0.owner] == dead }
        _ = model.serve(floor: 1)
        var reopened = try open(pages)
        let holders = try reopened.holders(atMost: .max)
        #expect(holders.map(\.owner) == model.holders.map(\.owner))
        #expect(try reopened.waiters().map(\.owner) == model.waiters.map(\.owner))
        let tokens = holders.compactMap(\.token)
        #expect(tokens == tokens.sorted() && Set(tokens).count == tokens.count)
        #expect(tokens.allSatisfy { $0 <= reopened.control.lastToken })
        for holder in holders {
            if let former = before.holders.first(where: { $0.owner == holder.owner }) {
                #expect(holder.token?.rawValue == former.token)
            } else {
                #expect(holder.token?.rawValue ?? 0 > before.last, "a grant has a new token")
            }
        }
    }
}
