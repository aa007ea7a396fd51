import DistributedLocksTesting
import Testing

@testable import DistributedLocks

/// How leases are given back.
@Suite struct ReleaseTests {
    let bench = Bench()
    var store: ScriptedStore { bench.store }
    var clock: ManualClock { bench.clock }

    @Test("Releasing twice releases once, and says the same")
    func idempotent() async throws {
        let lease = try await bench.lock().acquire()
        async let first = lease.release()
        async let second = lease.release()
        #expect(await [first, second] == [.released, .released])
        #expect(await lease.release() == .released)
        #expect(store.released.count == 1)
        #expect(lease.state == .lost(.released))
    }

    @Test("The store had nothing of it any more: that was a loss")
    func notHeld() async throws {
        store.onRelease { _ in .notHeld }
        let lease = try await bench.lock().acquire()
        #expect(await lease.release() == .alreadyLost(.removed))
    }

    @Test("A failed release is tried again; its second attempt finding nothing proves no loss")
    func retried() async throws {
        let error = store.unreachable
        store.onRelease { [store] _ in
            if store.released.count < 3 { throw error }
            return .notHeld
        }
        let lock = try bench.lock()
        let work = Task { try await lock.withLock { _ in "done" } }
        await clock.settle { store.released.count == 1 }
        await bench.advance(to: 1)
        #expect(try await work.value == "done")
        #expect(store.released.count == 3)
        #expect(Set(store.released.all).count == 1)
    }

    @Test("A release is waited for only so long, and goes on in the background")
    func bounded() async throws {
        let gate = bench.stallReleases()
        let lease = try await bench.lock().acquire()
        let release = Task { await lease.release() }
        await clock.settle { store.released.count == 1 && clock.nextDeadline == .at(5) }
        clock.jump(to: .at(4.9))
        let drained = Recorder<Bool>()
        let drain = Task {
            await bench.service.drain()
            drained.add(true)
        }
        clock.jump(to: .at(5))
        #expect(await release.value == .pending)
        #expect(lease.state == .lost(.released))
        #expect(drained.count == 0)
        gate.open()
        await drain.value
        #expect(await lease.release() == .released, "it has been confirmed meanwhile")
        #expect(store.released.count == 1)
    }

    @Test("Releases go on until the claim cannot be in the store any more, not for ever")
    func givesUp() async throws {
        let error = store.unreachable
        store.onRelease { _ in throw error }
        let lease = try await bench.lock().acquire()
        let release = Task { await lease.release() }
        await clock.settle { store.released.count == 1 }
        await bench.advance(to: 5)
        #expect(await release.value == .pending)
        let early = store.released.count
        #expect(early > 2)
        await bench.advance(to: 70)
        await bench.service.drain()
        let late = store.released.count
        #expect(late > early)
        #expect(late < 30, "with growing pauses")
        await bench.advance(to: 100)
        #expect(store.released.count == late)
    }

    @Test("A release goes on when its caller is cancelled")
    func cancelled() async throws {
        let gate = Gate()
        let seen = Recorder<Bool>()
        store.onRelease { _ in
            await gate.pass()
            seen.add(Task.isCancelled)
            return .released
        }
        let lease = try await bench.lock().acquire()
        let release = Task { await lease.release() }
        await clock.settle { store.released.count == 1 }
        release.cancel()
        gate.open()
        #expect(await release.value == .released)
        #expect(seen.all == [false])
    }

    @Test("A dropped lease is released, with a warning")
    func dropped() async throws {
        do { _ = try await bench.lock().acquire() }
        #expect(await clock.settle { store.released.count == 1 })
        #expect(bench.warnings.contains { $0.contains("dropped") })
        await bench.service.drain()
    }

    @Test("A released lease is dropped in silence, and so is a lost one")
    func droppedLater() async throws {
        do { await (try await bench.lock().acquire()).release() }
        store.onRenew { $0.map { _ in .refused(.removed) } }
        do {
            let lease = try await bench.lock("b").acquire()
            await bench.advance(to: 10)
            #expect(await clock.settle { lease.state == .lost(.removed) })
        }
        await bench.service.drain()
        #expect(store.released.count == 1)
        #expect(!bench.warnings.contains { $0.contains("dropped") })
    }

    @Test("A stalled renewal keeps nobody from draining")
    func drainBesideRenewal() async throws {
        let gate = Gate()
        store.onRenew { requests in
            await gate.pass()
            return requests.map { _ in .refused(.removed) }
        }
        let lease = try await bench.lock().acquire()
        await bench.advance(to: 10)
        #expect(await clock.settle { store.renewed.count == 1 })
        await bench.service.drain()
        #expect(lease.state == .held)
        gate.open()
    }

    @Test("A lease keeps what looks after it, also when the service is gone")
    func serviceDropped() async throws {
        let clock = ManualClock()
        let store = ScriptedStore(clock: clock.leaseClock)
        let lease = try await LockService(store, configuration: .testing()).lock("a").acquire()
        await clock.settle { clock.sleeperCount == 1 }
        clock.jump(to: .at(10))
        #expect(await clock.settle { store.renewed.count == 1 })
        #expect(await lease.release() == .released)
    }
}
