import DistributedLocksTesting
import InMemoryLogging
import ServiceLifecycle
import ServiceLifecycleTestKit
import Testing

@testable import DistributedLocks

/// The end of a service, in every phase of a lock.
@Suite struct CloseTests {
    let bench = Bench()
    var store: ScriptedStore { bench.store }
    var clock: ManualClock { bench.clock }

    @Test("Held leases are lost, given back, and only then the store is closed")
    func held() async throws {
        let order = Recorder<String>()
        store.onRelease { _ in
            order.add("release")
            return .released
        }
        let lease = try await bench.lock().acquire()
        await bench.service.close()
        #expect(lease.state == .lost(.closed))
        #expect(await lease.release() == .alreadyLost(.closed))
        #expect(order.count == 1)
        #expect(store.closed.count == 1)
    }

    @Test("A body is cancelled, and withLock says why")
    func body() async throws {
        let lock = try bench.lock()
        let work = Task { [clock = clock.leaseClock] in
            try await lock.withLock { _ in try await clock.sleep(for: .seconds(1_000)) }
        }
        await clock.settle { clock.sleeperCount == 2 }
        await bench.service.close()
        await #expect(throws: LockError.lost(lock.name, .closed)) { try await work.value }
    }

    @Test("Whatever is asked for later ends with closed, and reaches no store")
    func afterwards() async throws {
        await bench.service.close()
        await #expect(throws: LockError.closed(store: "scripted:")) { try await bench.lock().acquire() }
        await #expect(throws: LockError.closed(store: "scripted:")) { try await bench.lock().tryAcquire() }
        #expect(store.acquired.count == 0)
    }

    @Test("A grant that arrives while the service closes is given back, and no lease")
    func inFlight() async throws {
        let gate = Gate()
        store.onAcquire { [store] request in
            await gate.pass()
            return .granted(store.grant(request))
        }
        let lock = try bench.lock()
        let work = Task { try await lock.withLock { _ in Issue.record("the body ran after the end") } }
        await clock.settle { store.acquired.count == 1 }
        await bench.service.close()
        gate.open()
        await #expect(throws: LockError.closed(store: "scripted:")) { try await work.value }
        #expect(await clock.settle { store.released.count == 1 })
        #expect(bench.logs.entries.map { "\($0.message)" } == [], "nobody has lost anything")
    }

    @Test func `Waiters end with closed when the service closes, and nothing is logged of them`() async throws {
        let logs = InMemoryLogHandler()
        let base = MemoryStore(clock: clock.leaseClock)
        let service = LockService(base, configuration: .testing(logs))
        let lock = try service.lock("a")
        let lease = try await lock.acquire()
        let waiters = (0..<20).map { _ in Task { try await lock.withLock { _ in Issue.record("the body ran") } } }
        await clock.settle { (try? await base.status(of: lock.name))?.waiters.count == 20 }
        await service.close()
        for waiter in waiters {
            await #expect(throws: LockError.closed(store: "memory:")) { try await waiter.value }
        }
        await service.drain()
        #expect(lease.state == .lost(.closed))
        #expect(logs.entries.map { "\($0.message)" } == ["The lease is lost"], "that of the holder")
    }

    @Test("A store that does not answer holds closing up only so long, also the second time and for others")
    func stalled() async throws {
        let gate = bench.stallReleases()
        let lease = try await bench.lock("a").acquire()
        let other = try await bench.lock("b").acquire()
        let close = Task { await bench.service.close() }
        await clock.settle { store.released.count == 2 && clock.nextDeadline == .at(5) }
        await bench.advance(until: close)
        #expect(clock.now == .at(5))
        let again = Task { await bench.service.close() }
        await bench.advance(until: again)
        #expect(clock.now == .at(5), "they have had their time")
        #expect(lease.state == .lost(.closed))
        #expect(other.state == .lost(.closed))
        gate.open()
        await bench.service.drain()
    }

    @Test("Closing waits for a release that is under way for as long as its user would")
    func releaseUnderWay() async throws {
        let gate = bench.stallReleases()
        let lease = try await bench.lock().acquire()
        let release = Task { await lease.release() }
        await clock.settle { store.released.count == 1 && clock.nextDeadline == .at(5) }
        clock.jump(to: .at(3))
        let close = Task { await bench.service.close() }
        #expect(await clock.settle { bench.service.keeper.isClosed })
        await bench.advance(until: close)
        #expect(clock.now == .at(5))
        #expect(await release.value == .pending)
        gate.open()
        await bench.service.drain()
    }

    @Test("Closing does not take away the bound of a clean-up under way")
    func cleanUpUnderWay() async throws {
        let answer = Gate()
        let stall = Gate()
        let error = store.unreachable
        store.onAcquire { request in
            await answer.pass()
            throw error
        }
        store.onRelease { _ in
            await stall.pass()
            return .released
        }
        let lock = try bench.lock()
        let work = Task { try await lock.acquire() }
        await clock.settle { store.acquired.count == 1 }
        clock.jump(to: .at(1))
        answer.open()
        await clock.settle { clock.nextDeadline == .at(2) }
        let close = Task { await bench.service.close() }
        #expect(await clock.settle { bench.service.keeper.isClosed })
        await bench.advance(to: 2)
        await #expect(throws: error) { try await work.value }
        await bench.advance(until: close)
        stall.open()
        await bench.service.drain()
    }

    @Test("Closing twice is closing")
    func twice() async throws {
        let lease = try await bench.lock().acquire()
        await bench.service.close()
        await bench.service.close()
        #expect(lease.state == .lost(.closed))
        #expect(store.released.count == 1)
    }

    @Test("As a service: it runs until graceful shutdown, and closes then")
    func gracefulShutdown() async throws {
        let lease = try await bench.lock().acquire()
        let group = ServiceGroup(
            services: [bench.service],
            logger: bench.service.configuration.logger
        )
        try await testGracefulShutdown { trigger in
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                tasks.addTask { try await group.run() }
                for _ in 0..<100 { await Task.yield() }
                #expect(lease.state == .held)
                trigger.triggerGracefulShutdown()
                try await tasks.waitForAll()
            }
        }
        #expect(lease.state == .lost(.closed))
        #expect(store.closed.count == 1)
        #expect(store.released.count == 1)
    }

    @Test("As a service: cancellation closes it too")
    func cancelled() async throws {
        let lease = try await bench.lock().acquire()
        let run = Task { [service = bench.service] in try await service.run() }
        run.cancel()
        try await run.value
        #expect(lease.state == .lost(.closed))
        #expect(store.closed.count == 1)
    }
}
