import DistributedLocksTesting
import Synchronization
import Testing

@testable import DistributedLocks

/// What is particular to the memory store; what every store promises is asked for elsewhere.
@Suite struct MemoryStoreTests {
    let clock = ManualClock()
    let store: MemoryStore

    init() {
        store = MemoryStore(clock: clock.leaseClock, lifetime: .expiring(.seconds(1) ... .seconds(60)))
    }

    private func request(
        _ number: UInt64,
        _ name: String = "a",
        patience: LockRequest.Patience = .unlimited
    ) throws -> LockRequest {
        let owner = OwnerID(high: 0, low: number)
        return LockRequest(
            claim: LockClaim(name: try LockName(name), mode: .exclusive, owner: owner),
            holder: Holder(host: "h\(number)"),
            ttl: .seconds(30),
            patience: patience
        )
    }

    private func waiters() async throws -> Int { try await store.status(of: LockName("a")).waiters.count }

    /// The whole of what the store remembers.
    private var memory: Int {
        store.state.withLock { $0.lines.count + $0.claims.count }
    }

    @Test("A holder expires: the next one has it at that moment, without anybody's visit")
    func handOver() async throws {
        _ = try await store.acquire(request(1))
        let second = try request(2)
        let work = Task { [store] in try await store.acquire(second) }
        #expect(await clock.settle { clock.nextDeadline == .at(30) })
        clock.jump(to: .at(29.999))
        #expect(try await waiters() == 1)
        clock.jump(to: .at(30))
        guard case .granted(let grant) = try await work.value else {
            Issue.record("not granted")
            return
        }
        #expect(grant.token == FencingToken(rawValue: 2))
        #expect(grant.validity == .until(.at(59.698)))
    }

    @Test("A renewal puts it off; a renewal after the end is refused and brings nothing back")
    func renewal() async throws {
        let first = try request(1)
        _ = try await store.acquire(first)
        clock.jump(to: .at(20))
        let renewal = RenewalRequest(claim: first.claim, ttl: .seconds(30))
        guard case .confirmed(.until(.at(49.698))) = await store.renew([renewal])[0] else {
            Issue.record("not confirmed")
            return
        }
        clock.jump(to: .at(50))
        guard case .refused = await store.renew([renewal])[0] else {
            Issue.record("not refused")
            return
        }
        #expect(try await store.status(of: first.claim.name).isIdle)
    }

    @Test("Time is up: nothing is left, and it says who was in the way")
    func outOfTime() async throws {
        _ = try await store.acquire(request(1))
        let second = try request(2, patience: .until(.at(5)))
        let work = Task { [store] in try await store.acquire(second) }
        #expect(await clock.settle { clock.nextDeadline == .at(5) })
        clock.jump(to: .at(5))
        guard case .unavailable(let contention) = try await work.value else {
            Issue.record("granted")
            return
        }
        #expect(contention == Contention(holders: [Holder(host: "h1")], ahead: 0))
        #expect(try await waiters() == 0)
    }

    @Test("Nothing grows: names come and go, expire, time out and are cancelled, and nothing is left")
    func nothingGrows() async throws {
        for number in 0..<200 as Range<UInt64> {
            let request = try request(number, "n\(number)")
            _ = try await store.acquire(request)
            switch number % 3 {
            case 0: _ = try await store.release(request.claim)
            case 1: _ = try await store.forceRelease(request.claim.name, from: .any)
            default: break
            }
        }
        clock.jump(to: .at(31))
        #expect(try await store.list().isEmpty)
        #expect(memory == 0)
        #expect(await clock.settle { clock.sleeperCount == 0 })
    }

    @Test("Tokens grow over all names, also when a name was forgotten in between")
    func tokens() async throws {
        var last = FencingToken(rawValue: 0)
        for number in 0..<20 as Range<UInt64> {
            let request = try request(number, number % 2 == 0 ? "a" : "b")
            guard case .granted(let grant) = try await store.acquire(request) else { continue }
            #expect(grant.token > last)
            last = grant.token
            _ = try await store.release(request.claim)
        }
        #expect(last == FencingToken(rawValue: 20))
    }

    @Test("Forced release tells the holder, and hands on")
    func forced() async throws {
        guard case .granted(let grant) = try await store.acquire(request(1)) else { return }
        let heard = Recorder<LossReason>()
        grant.lossSignal?.listen { heard.add($0) }
        let second = try request(2)
        let work = Task { [store] in try await store.acquire(second) }
        await clock.settle { (try? await waiters()) == 1 }
        #expect(try await store.forceRelease(grant.claim.name, from: .any) == [Holder(host: "h1")])
        #expect(heard.all == [.revoked])
        guard case .granted = try await work.value else {
            Issue.record("not handed on")
            return
        }
    }

    @Test("Closing ends waits, tells holders, and refuses what comes later")
    func close() async throws {
        guard case .granted(let grant) = try await store.acquire(request(1)) else { return }
        let heard = Recorder<LossReason>()
        grant.lossSignal?.listen { heard.add($0) }
        let second = try request(2)
        let work = Task { [store] in try await store.acquire(second) }
        await clock.settle { (try? await waiters()) == 1 }
        await store.close()
        await #expect(throws: LockError.closed(store: "memory:")) { try await work.value }
        await #expect(throws: LockError.closed(store: "memory:")) { try await store.acquire(request(3)) }
        #expect(heard.all == [.closed])
        #expect(try await store.release(grant.claim) == .notHeld)
        #expect(memory == 0)
    }

    @Test("Taking a queued claim back ends its wait, for all who wait for it")
    func releaseOfQueued() async throws {
        let first = try request(1)
        let second = try request(2)
        _ = try await store.acquire(first)
        let waits = (0..<2).map { _ in Task { [store] in try await store.acquire(second) } }
        await clock.settle { (try? await waiters()) == 1 }
        #expect(try await store.release(second.claim) == .released)
        for wait in waits { await #expect(throws: CancellationError.self) { try await wait.value } }
        _ = try await store.release(first.claim)
        #expect(memory == 0)
    }

    @Test("Two calls for one claim get the same grant")
    func twoCalls() async throws {
        let first = try request(1)
        let second = try request(2)
        _ = try await store.acquire(first)
        let queued = Recorder<Bool>()
        let asked = LockRequest(
            claim: second.claim,
            holder: second.holder,
            ttl: second.ttl,
            patience: .unlimited,
            onQueued: { _ in queued.add(true) }
        )
        let waits = (0..<2).map { _ in Task { [store] in try await store.acquire(asked) } }
        await clock.settle { queued.count == 2 }
        _ = try await store.release(first.claim)
        var tokens: Set<FencingToken> = []
        for wait in waits {
            guard case .granted(let grant) = try await wait.value else { continue }
            tokens.insert(grant.token)
        }
        #expect(tokens.count == 1)
    }

    @Test("Forced release in the very step in which the lock goes on: the new holder is granted, and told")
    func forcedAtExpiry() async throws {
        _ = try await store.acquire(request(1))
        let second = try request(2)
        let work = Task { [store] in try await store.acquire(second) }
        await clock.settle { (try? await waiters()) == 1 }
        let name = second.claim.name
        // Both at the same time; whichever visits first.
        async let holders = store.forceRelease(name, from: .any)
        clock.jump(to: .at(30))
        _ = try await holders
        _ = try await store.forceRelease(name, from: .any)
        guard case .granted(let grant) = try await work.value else {
            Issue.record("not granted")
            return
        }
        let heard = Recorder<LossReason>()
        grant.lossSignal?.listen { heard.add($0) }
        #expect(heard.all == [.revoked])
    }

    @Test("What is left to the store is kept for as long as was asked, and then goes on by itself")
    func kept() async throws {
        let store = MemoryStore(clock: clock.leaseClock)
        let (first, second) = (try request(1), try request(2))
        guard case .granted(let grant) = try await store.acquire(first) else { return }
        let heard = Recorder<LossReason>()
        grant.lossSignal?.listen { heard.add($0) }
        #expect(try await store.release(first.claim, after: .seconds(60)) == .released)
        #expect(try await store.status(of: first.claim.name).holders.map(\.remaining) == [.seconds(60)])
        let work = Task { try await store.acquire(second) }
        await clock.settle { (try? await store.status(of: first.claim.name).waiters.count) == 1 }
        await clock.advance(to: .at(59))
        #expect(try await store.status(of: first.claim.name).holders.map(\.owner) == [first.claim.owner])
        await clock.advance(to: .at(60))
        guard case .granted = try await work.value else {
            Issue.record("not granted")
            return
        }
        #expect(heard.all.isEmpty)
        #expect(try await store.release(first.claim, after: .seconds(60)) == .notHeld)
    }

    @Test("Claims of a process store last until they are released")
    func process() async throws {
        let store = MemoryStore(clock: clock.leaseClock)
        guard case .granted(let grant) = try await store.acquire(request(1)) else { return }
        clock.jump(to: .at(1_000_000))
        #expect(grant.validity == .unlimited)
        #expect(try await store.release(grant.claim) == .released)
        #expect(try await store.release(grant.claim) == .notHeld)
    }
}
