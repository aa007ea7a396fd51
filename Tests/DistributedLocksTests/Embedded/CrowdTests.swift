import DistributedLocks
import Testing

/// Thousands of tasks that want one name at the same time. The bounds are goals with a lot of slack: when each timeout looked at
/// the whole queue they were missed by far.
@Suite("A crowd on one name", .serialized)
struct CrowdTests {
    private static let size = 1_500

    @Test("all waits end about when their time is over, and nobody is left, in files")
    func file() async throws {
        let room = try StoreRoom()
        try await crowd(try room.store())
    }

    @Test("all waits end about when their time is over, and nobody is left, in memory")
    func memory() async throws {
        try await crowd(MemoryStore())
    }

    private func crowd(_ store: some LockStore) async throws {
        let name = try LockName("x")
        let holder = LockClaim(name: name, mode: .exclusive, owner: OwnerID(from: .system))
        _ = try await store.acquire(LockRequest(claim: holder, holder: Holder(), ttl: .seconds(30), patience: .none))
        let deadline = store.clock.now.advanced(by: .seconds(2))
        // What is late for everybody on this machine is not the store's fault.
        let pacer = Task {
            try await store.clock.sleep(until: deadline)
            return deadline.duration(to: store.clock.now)
        }
        let late = try await withThrowingTaskGroup(of: Duration.self) { group in
            for _ in 0..<Self.size {
                group.addTask {
                    let claim = LockClaim(name: name, mode: .exclusive, owner: OwnerID(from: .system))
                    let request = LockRequest(
                        claim: claim,
                        holder: Holder(),
                        ttl: .seconds(30),
                        patience: .until(deadline)
                    )
                    guard case .unavailable(let contention) = try await store.acquire(request) else {
                        return .seconds(99)
                    }
                    #expect(contention.holders.count == 1)
                    return deadline.duration(to: store.clock.now)
                }
            }
            return try await group.reduce(Duration.zero, max)
        }
        #expect(late < .seconds(5) + (try await pacer.value) * 2)
        let status = try await store.status(of: name)
        #expect(status.waiters.isEmpty && status.holders.map(\.owner) == [holder.owner])
        await store.close()
    }

    @Test("cancelling a crowd and handing a lock through it cost each the same", arguments: [true, false])
    func handOver(inFiles: Bool) async throws {
        let room = try StoreRoom()
        let store: any LockStore = inFiles ? try room.store() : MemoryStore()
        let name = try LockName("x")
        let order = Collector<FencingToken>()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<1_000 {
                group.addTask {
                    let claim = LockClaim(name: name, mode: .exclusive, owner: OwnerID(from: .system))
                    let request = LockRequest(claim: claim, holder: Holder(), ttl: .seconds(30), patience: .unlimited)
                    let task = Task { try await store.acquire(request) }
                    if number % 3 == 0 { task.cancel() }
                    if case .granted(let grant)? = try? await task.value { order.add(grant.token) }
                    _ = try await store.release(claim)
                }
            }
            try await group.waitForAll()
        }
        let tokens = order.elements
        #expect(tokens == tokens.sorted() && tokens.count >= 666)
        #expect(try await store.status(of: name).isIdle)
        await store.close()
    }
}
