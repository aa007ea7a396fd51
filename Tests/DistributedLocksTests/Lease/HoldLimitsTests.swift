import DistributedLocksTesting
import Testing

@testable import DistributedLocks

/// `holdAtLeast` and `holdAtMost`.
@Suite struct HoldLimitsTests {
    let bench = Bench()
    var store: ScriptedStore { bench.store }

    @Test("holdAtLeast: the body is done, the name stays locked and renewed, and is given back on time")
    func atLeast() async throws {
        let lease = try await bench.lock(options: LockOptions(holdAtLeast: .seconds(25))).acquire()
        #expect(await lease.release() == .deferred)
        #expect(lease.state == .lost(.released))
        #expect(await lease.release() == .deferred)
        await bench.advance(to: 24)
        #expect(store.renewed.count == 2)
        #expect(store.released.count == 0)
        await bench.advance(to: 25)
        #expect(store.released.count == 1)
        #expect(await lease.release() == .released)
    }

    @Test func `Where the store cannot keep it, draining waits for it`() async throws {
        let lease = try await bench.lock(options: LockOptions(holdAtLeast: .seconds(5))).acquire()
        await lease.release()
        let drained = Recorder<Bool>()
        let drain = Task {
            await bench.service.drain()
            drained.add(true)
        }
        await bench.advance(to: 4)
        #expect(drained.count == 0)
        await bench.advance(to: 5)
        await drain.value
    }

    @Test func `Where the store cannot keep it, closing cuts it short`() async throws {
        let lease = try await bench.lock(options: LockOptions(holdAtLeast: .seconds(500))).acquire()
        await lease.release()
        await bench.service.close()
        #expect(store.released.count == 1)
        #expect(lease.state == .lost(.released))
    }

    @Test func `Where the store keeps it: it is asked once, for the rest of the time, and nothing is left to do`()
        async throws
    {
        let bench = Bench(releasesLater: true)
        let lease = try await bench.lock(options: LockOptions(holdAtLeast: .seconds(25))).acquire()
        await bench.advance(to: 4)
        #expect(await lease.release() == .deferred)
        #expect(await lease.release() == .deferred)
        #expect(lease.state == .lost(.released))
        #expect(bench.store.kept.all.map(\.claim.owner) == [lease.owner])
        #expect(bench.store.kept.all.map(\.delay) == [.seconds(21)])
        await bench.service.drain()
        await bench.service.close()
        await bench.advance(to: 60)
        #expect(bench.store.kept.count == 1)
        #expect(bench.store.released.count == 0)
        #expect(bench.store.renewed.count == 0)
    }

    @Test
    func `Where the store keeps it: an attempt that fails is repeated with what is left, and ends as a plain release`()
        async throws
    {
        let bench = Bench(releasesLater: true)
        let error = bench.store.unreachable
        bench.store.onKeep { [clock = bench.clock] _, _ in
            if clock.now < .at(1) { throw error }
            return .released
        }
        let early = try await bench.lock(options: LockOptions(holdAtLeast: .seconds(3))).acquire()
        let late = try await bench.lock("b", options: LockOptions(holdAtLeast: .milliseconds(500))).acquire()
        async let first = early.release()
        async let second = late.release()
        await bench.clock.settle { bench.store.kept.count == 2 }
        await bench.advance(to: 4)
        #expect(await first == .deferred)
        #expect(await second == .released)
        let delays = bench.store.kept.all.filter { $0.claim.owner == early.owner }.map(\.delay)
        #expect(delays.first == .seconds(3))
        #expect(zip(delays, delays.dropFirst()).allSatisfy(>))
        #expect(try #require(delays.last) <= .seconds(2))
        #expect(bench.store.released.all.map(\.owner) == [late.owner])
    }

    @Test(
        "Where the store keeps it: one that has nothing of it any more has lost it, one that does not answer is pending"
    )
    func keptByNobody() async throws {
        let bench = Bench(releasesLater: true)
        let lock = try bench.lock(options: LockOptions(holdAtLeast: .seconds(500)))
        bench.store.onKeep { _, _ in .notHeld }
        #expect(await (try await lock.acquire()).release() == .alreadyLost(.removed))
        let gate = Gate()
        bench.store.onKeep { _, _ in
            await gate.pass()
            return .released
        }
        let lease = try await lock.acquire()
        let release = Task { await lease.release() }
        await bench.clock.settle { bench.store.kept.count == 2 && bench.clock.nextDeadline == .at(5) }
        await bench.advance(to: 5)
        #expect(await release.value == .pending)
        gate.open()
        await bench.service.drain()
        #expect(await lease.release() == .deferred, "it has been confirmed meanwhile")
    }

    @Test func `Where the store keeps it: closing keeps it for the rest, and is done then`() async throws {
        let bench = Bench(releasesLater: true)
        let lease = try await bench.lock(options: LockOptions(holdAtLeast: .seconds(500))).acquire()
        let short = try await bench.lock("b", options: LockOptions(holdAtLeast: .seconds(5))).acquire()
        await bench.advance(to: 6)
        await bench.service.close()
        #expect(lease.state == .lost(.closed))
        #expect(bench.store.kept.all.map(\.claim.owner) == [lease.owner])
        #expect(bench.store.kept.all.map(\.delay) == [.seconds(494)])
        #expect(bench.store.released.all.map(\.owner) == [short.owner])
        #expect(bench.store.closed.count == 1)
    }

    @Test
    func
        `A claim that no user got is never kept: a cancelled acquire, and a grant that arrives while the service closes`()
        async throws
    {
        let bench = Bench(releasesLater: true)
        let gate = Gate()
        bench.store.onAcquire { [store = bench.store] request in
            await gate.pass()
            return .granted(store.grant(request))
        }
        let options = LockOptions(holdAtLeast: .seconds(500))
        let cancelled = Task { [lock = try bench.lock(options: options)] in try await lock.acquire() }
        let closed = Task { [lock = try bench.lock("b", options: options)] in try await lock.acquire() }
        await bench.clock.settle { bench.store.acquired.count == 2 }
        cancelled.cancel()
        await bench.service.close()
        gate.open()
        await #expect(throws: CancellationError.self) { try await cancelled.value }
        await #expect(throws: LockError.closed(store: "scripted:")) { try await closed.value }
        #expect(await bench.clock.settle { bench.store.released.count == 2 })
        #expect(bench.store.kept.count == 0)
    }

    @Test("It is kept by the lock, not by the service or the lease")
    func everythingDropped() async throws {
        let clock = ManualClock()
        let store = ScriptedStore(clock: clock.leaseClock)
        let keeper: Weak<LeaseKeeper>
        do {
            let service = LockService(store, configuration: .testing())
            keeper = Weak(service.keeper)
            try await service.lock("a", options: LockOptions(holdAtLeast: .seconds(15))).withLock { _ in }
        }
        #expect(keeper.object != nil)
        await clock.settle { clock.sleeperCount == 1 }
        clock.jump(to: .at(10))
        #expect(await clock.settle { store.renewed.count == 1 })
        #expect(store.released.count == 0)
        await clock.settle { clock.nextDeadline == .at(15) }
        clock.jump(to: .at(15))
        #expect(await clock.settle { store.released.count == 1 })
        #expect(await clock.settle { keeper.object == nil }, "and no longer")
    }

    @Test("The time has passed already: released at once")
    func atLeastPassed() async throws {
        let lease = try await bench.lock(options: LockOptions(holdAtLeast: .seconds(5))).acquire()
        await bench.advance(to: 5)
        #expect(await lease.release() == .released)
    }

    @Test("holdAtMost ends a lease that is renewed, and gives it back")
    func atMost() async throws {
        let lock = try bench.lock(options: LockOptions(holdAtMost: .seconds(45)))
        let lease = try await lock.acquire()
        await bench.advance(to: 44.9)
        #expect(lease.state == .held)
        await bench.advance(to: 45)
        #expect(lease.state == .lost(.heldTooLong))
        #expect(store.released.count == 1)
        #expect(await lease.release() == .alreadyLost(.heldTooLong))
    }

    @Test("holdAtMost cancels the body, also where leases do not expire")
    func atMostBody() async throws {
        let bench = Bench(lifetime: .process)
        let lock = try bench.lock(options: LockOptions(holdAtMost: .seconds(5)))
        let work = Task { [clock = bench.clock.leaseClock] in
            try await lock.withLock { _ in try await clock.sleep(for: .seconds(1_000)) }
        }
        await bench.clock.settle { bench.clock.sleeperCount == 2 }
        bench.clock.jump(to: .at(5))
        await #expect(throws: LockError.lost(lock.name, .heldTooLong)) { try await work.value }
        // The body ends as soon as it is told; the lock is given back beside that.
        #expect(await bench.clock.settle { bench.store.released.count == 1 })
    }

    @Test(
        "What cannot work is refused before anything is sent",
        arguments: [
            LockOptions(holdAtMost: .zero),
            LockOptions(holdAtMost: .seconds(-1)),
            LockOptions(holdAtLeast: .seconds(2), holdAtMost: .seconds(1)),
            LockOptions(ttl: .milliseconds(9)),
            LockOptions(ttl: .seconds(3_601)),
            LockOptions(ttl: .seconds(Int64.max)),
        ]
    )
    func refused(options: LockOptions) async throws {
        let error = await #expect(throws: LockError.self) { try await bench.lock(options: options).acquire() }
        guard case .invalid = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(store.acquired.count == 0)
    }
}
