import DistributedLocksTesting
import Testing

@testable import DistributedLocks

/// Getting a lock, or not; what is left behind is nothing.
@Suite struct AcquireTests {
    let bench = Bench()
    var store: ScriptedStore { bench.store }
    var clock: ManualClock { bench.clock }

    @Test("What the store is asked", arguments: [nil, Duration.seconds(5), .zero, .seconds(-3)])
    func request(timeout: Duration?) async throws {
        clock.jump(to: .at(100))
        let lease = try await bench.lock("orders/42").acquire(timeout: timeout)
        let request = try #require(store.acquired.all.first)
        #expect(request.claim.name.text == "orders/42")
        #expect(request.claim.mode == .exclusive)
        #expect(request.ttl == .seconds(30))
        #expect(request.holder.host == "web-3")
        #expect(request.holder.waitingSince == UnixTime(microseconds: 1_700_000_000_000_000))
        switch timeout {
        case nil: #expect(request.patience == .unlimited)
        case .seconds(5): #expect(request.patience == .until(.at(105)))
        default: #expect(request.patience == .none)
        }
        #expect(lease.holder == request.holder)
        #expect(lease.fencingToken == FencingToken(rawValue: 1))
        #expect(lease.mode == .exclusive)
    }

    @Test("Each attempt has an owner of its own")
    func owners() async throws {
        for _ in 0..<3 { await (try await bench.lock().acquire()).release() }
        #expect(Set(store.acquired.all.map(\.claim.owner)).count == 3)
    }

    @Test("Not to be had: busy without patience, timed out with it, nil from the forms that try")
    func unavailable() async throws {
        let answer = Contention(holders: [Holder(host: "web-9")], ahead: 2)
        var contention = answer
        contention.observedAt = bench.service.configuration.wallClock.now
        store.onAcquire { [clock] request in
            if case .until(let deadline) = request.patience { clock.jump(to: deadline) }
            return .unavailable(answer)
        }
        let lock = try bench.lock()
        await #expect(throws: LockError.timedOut(lock.name, after: .seconds(5), contention)) {
            try await lock.acquire(timeout: .seconds(5))
        }
        for timeout in [Duration.zero, .seconds(-1)] {
            await #expect(throws: LockError.busy(lock.name, contention)) { try await lock.acquire(timeout: timeout) }
        }
        #expect(try await lock.tryAcquire() == nil)
        let result = try await lock.withLockIfAvailable { _ in Issue.record("the body ran without the lock") }
        #expect(result == nil)
        #expect(store.released.count == 0, "the store has said that nothing is left")
    }

    @Test func `A waiter is told who is in the way; the error says how long the lock has been held`()
        async throws
    {
        let told = Recorder<Contention>()
        var holder = Holder(host: "web-9", processID: 7)
        holder.waitingSince = UnixTime(microseconds: 1_699_999_000_000_000)
        holder.heldSince = UnixTime(microseconds: 1_699_999_940_000_000)
        store.onAcquire { [holder] request in
            request.onQueued?(Contention(holders: [holder], ahead: 0))
            return .unavailable(Contention(holders: [holder], ahead: 0))
        }
        let lock = try bench.lock()
        let error = await #expect(throws: LockError.self) {
            try await lock.acquire(timeout: .seconds(5), onQueued: { told.add($0) })
        }
        #expect(told.all.map(\.observedAt) == [bench.service.configuration.wallClock.now])
        #expect(error?.description == "timed out after 0 ms waiting for \"a\": held by web-9 (pid 7) for 60 s")
    }

    @Test func `A forced release from somebody else says who holds the name, and when that was seen`() async throws {
        let configuration = LockConfiguration.testing()
        let service = LockService(MemoryStore(clock: clock.leaseClock), configuration: configuration)
        let lease = try await service.lock("a").acquire()
        let error = await #expect(throws: LockError.self) {
            try await service.forceRelease(lease.name, from: .token(FencingToken(rawValue: 99)))
        }
        guard case .busy(lease.name, let contention) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(contention.holders.map(\.host) == ["web-3"])
        #expect(contention.observedAt == configuration.wallClock.now)
        #expect(try await service.forceRelease(lease.name, from: .owner(lease.owner)).count == 1)
        #expect(lease.state == .lost(.revoked))
    }

    @Test func `The error of a request that the store refuses as invalid names the lock`() async throws {
        let service = LockService(MemoryStore(clock: clock.leaseClock), configuration: .testing())
        let lease = try await service.semaphore("pool", permits: 2).permit.acquire()
        let reason = "\"pool\" cannot be locked: the semaphore is in use with 2 permits; 3 were asked for"
        await #expect(throws: LockError.invalid(reason)) {
            try await service.semaphore("pool", permits: 3).permit.acquire()
        }
        await lease.release()
    }

    @Test("After an error, whatever may be left is withdrawn before the error is thrown")
    func withdrawn() async throws {
        let error = store.unreachable
        store.onAcquire { _ in throw error }
        await #expect(throws: error) { try await bench.lock().acquire() }
        #expect(store.released.all == store.acquired.all.map(\.claim))
        await #expect(throws: error) { try await bench.lock().tryAcquire() }
    }

    @Test("The withdrawal is waited for only so long, and goes on until the store has confirmed it")
    func withdrawnLater() async throws {
        let error = store.unreachable
        store.onAcquire { _ in throw error }
        store.onRelease { [clock] _ in
            if clock.now < .at(8) { throw error }
            return .notHeld
        }
        let lock = try bench.lock()
        let work = Task { try await lock.acquire() }
        await clock.settle { store.released.count == 1 }
        await bench.advance(to: 1)
        await #expect(throws: error) { try await work.value }
        #expect(clock.now == .at(1))
        await bench.advance(to: 20)
        let attempts = store.released.count
        #expect(attempts > 3)
        await bench.advance(to: 40)
        #expect(store.released.count == attempts)
        #expect(Set(store.released.all) == Set(store.acquired.all.map(\.claim)))
    }

    @Test("Cancelled while it waits: over at once, and withdrawn")
    func cancelled() async throws {
        store.onAcquire { [clock] _ in
            try await clock.leaseClock.sleep(for: .seconds(1_000))
            return .unavailable(Contention())
        }
        let lock = try bench.lock()
        let work = Task { try await lock.acquire() }
        await clock.settle { clock.sleeperCount == 1 }
        work.cancel()
        await #expect(throws: CancellationError.self) { try await work.value }
        #expect(store.released.all == store.acquired.all.map(\.claim))
        #expect(clock.now == .at(0))
    }

    @Test("Cancelled in the very moment of the grant: given back")
    func cancelledAtGrant() async throws {
        let gate = Gate()
        store.onAcquire { [store] request in
            await gate.pass()
            return .granted(store.grant(request))
        }
        let lock = try bench.lock()
        let work = Task { try await lock.withLock { _ in Issue.record("the body ran after cancellation") } }
        await clock.settle { store.acquired.count == 1 }
        work.cancel()
        gate.open()
        await #expect(throws: CancellationError.self) { try await work.value }
        #expect(store.released.all == store.acquired.all.map(\.claim))
    }

    @Test("Cancelled before it begins: nothing is sent")
    func cancelledBefore() async throws {
        let lock = try bench.lock()
        let work = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await lock.acquire()
        }
        await #expect(throws: CancellationError.self) { try await work.value }
        #expect(store.acquired.count == 0)
    }

    @Test("Cancellation against grant: a lease or nothing, and an empty store afterwards", arguments: 0..<20)
    func race(seed: UInt64) async throws {
        let clock = ManualClock()
        let store = MemoryStore(clock: clock.leaseClock)
        let lock = try LockService(store, configuration: .testing()).lock("a")
        var random = SeededGenerator(seed: seed)
        for _ in 0..<50 {
            let first = try await lock.acquire()
            let work = Task { try await lock.withLock { _ in } }
            for _ in 0..<Int.random(in: 0..<6, using: &random) { await Task.yield() }
            async let release = first.release()
            for _ in 0..<Int.random(in: 0..<4, using: &random) { await Task.yield() }
            work.cancel()
            _ = await work.result
            _ = await release
            #expect(try await store.list().isEmpty)
        }
    }

    @Test("Modes that the store does not know are refused before anything is sent")
    func unsupported() async throws {
        let store = ScriptedStore(clock: ManualClock().leaseClock, modes: [.exclusive])
        let service = LockService(store, configuration: .testing())
        await #expect(throws: LockError.unsupported(store: "scripted:", feature: "shared locks")) {
            try await service.readWriteLock("a").read.acquire()
        }
        await #expect(throws: LockError.unsupported(store: "scripted:", feature: "semaphores")) {
            try await service.semaphore("a", permits: 2).withPermit { _ in }
        }
        await #expect(throws: LockError.unsupported(store: "scripted:", feature: "listing names")) {
            try await service.list()
        }
        await #expect(throws: LockError.unsupported(store: "scripted:", feature: "forced release")) {
            try await service.forceRelease("a")
        }
        #expect(store.acquired.count == 0)
    }

    @Test("Bad arguments are refused")
    func invalid() async throws {
        #expect(throws: LockError.self) { try bench.service.lock("") }
        #expect(throws: LockError.self) { try bench.service.semaphore("a", permits: 0) }
        let long = Bench { $0.holder.label = String(repeating: "x", count: 257) }
        await #expect(throws: LockError.self) { try await long.lock().acquire() }
        #expect(long.store.acquired.count == 0)
    }
}
