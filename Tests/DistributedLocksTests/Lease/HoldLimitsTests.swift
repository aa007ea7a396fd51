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

    @Test("Draining waits for it")
    func drain() async throws {
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

    @Test("Closing cuts it short")
    func close() async throws {
        let lease = try await bench.lock(options: LockOptions(holdAtLeast: .seconds(500))).acquire()
        await lease.release()
        await bench.service.close()
        #expect(store.released.count == 1)
        #expect(lease.state == .lost(.released))
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
        clock.advance(to: .at(10))
        #expect(await clock.settle { store.renewed.count == 1 })
        #expect(store.released.count == 0)
        await clock.settle { clock.nextDeadline == .at(15) }
        clock.advance(to: .at(15))
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
        bench.clock.advance(to: .at(5))
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
