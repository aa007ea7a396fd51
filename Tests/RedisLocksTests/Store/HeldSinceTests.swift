import DistributedLocks
import TestSupport
import Testing

@testable import RedisLocks

@Suite struct HeldSinceTests {
    @Test(arguments: ServerKind.allCases)
    func `Since when somebody holds counts from the grant, and since when it has waited from before`(
        _ kind: ServerKind
    ) async throws {
        try await StoreScene.with(kind) { scene in
            let name = try LockName(FaultScene.name)
            let first = try StoreScene.request()
            let before = try await scene.serverTime()
            let grant = try await scene.take(first, on: 0)
            let after = try await scene.serverTime()
            let held = try #require(try await scene.stores[2].status(of: name).holders.first?.holder.heldSince)
            #expect(held.microseconds >= before && held.microseconds <= after)
            #expect(held.microseconds == Int64(grant.token.rawValue))

            let second = try StoreScene.request()
            let waiter = try await scene.queue(second, on: 1)
            let waiting = try await scene.stores[2].status(of: name).waiters.first?.holder
            #expect(waiting?.heldSince == nil && waiting?.waitingSince == second.holder.waitingSince)
            let handOver = try await scene.serverTime()
            #expect(try await scene.stores[0].release(first.claim) == .released)
            let next = try await waiter.value
            let holder = try #require(try await scene.stores[2].list().first?.holders.first?.holder)
            #expect(holder.waitingSince == second.holder.waitingSince)
            #expect(try #require(holder.heldSince).microseconds >= handOver)

            // The same in what is said to who cannot have it: at once, when it is queued, and when its time is over.
            let busy = try await scene.stores[2].acquire(StoreScene.request(patience: .none))
            let seen = Shared<[Contention]>([])
            let soon = scene.stores[2].clock.now.advanced(by: .milliseconds(100))
            let late = try await scene.stores[2].acquire(
                StoreScene.request(patience: .until(soon)) { contention in seen.withLock { $0.append(contention) } }
            )
            for case .unavailable(let contention) in [busy, late] { seen.withLock { $0.append(contention) } }
            let holders = seen.withLock { $0.flatMap(\.holders) }
            #expect(holders.count == 3)
            for told in holders { #expect(told.heldSince?.microseconds == Int64(next.token.rawValue)) }
        }
    }

    @Test func `A token that had to be larger than the time is not shown as a time`() async throws {
        try await StoreScene.with { scene in
            let future = try await scene.serverTime() + 600_000_000
            let fence = "{\(FaultScene.name)}:dlock:fence"
            try await scene.server.command(["SET", fence, "\(future)", "PX", "3600000"])
            let request = try StoreScene.request(label: "job")
            #expect(try await scene.take(request, on: 0).token.rawValue == UInt64(future + 1))
            let holder = try await scene.stores[1].status(of: request.claim.name).holders.first
            #expect(holder?.token?.rawValue == UInt64(future + 1) && holder?.holder.label == "job")
            #expect(holder?.holder.heldSince == nil)
            guard
                case .unavailable(let contention) = try await scene.stores[1].acquire(
                    StoreScene.request(patience: .none)
                )
            else {
                Issue.record("it was free")
                return
            }
            #expect(contention.holders.map(\.heldSince) == [nil])
            // Nor is what is no number.
            try await scene.server.command(["SET", fence, "nan", "PX", "3600000"])
            guard case .unavailable = try await scene.stores[1].acquire(StoreScene.request(patience: .none)) else {
                Issue.record("it was free")
                return
            }
        }
    }
}
