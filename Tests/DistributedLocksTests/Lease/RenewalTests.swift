import DistributedLocksTesting
import Testing

@testable import DistributedLocks

/// How leases are kept, and how they are lost, through the service.
@Suite struct RenewalTests {
    let bench = Bench()
    var store: ScriptedStore { bench.store }
    var clock: ManualClock { bench.clock }

    @Test("All leases that are due go out in one exchange, with one timer for all")
    func batch() async throws {
        var leases: [Lease] = []
        for number in 0..<100 { leases.append(try await bench.lock("n\(number)").acquire()) }
        await clock.settle { clock.sleeperCount == 1 }
        #expect(clock.sleeperCount == 1)
        clock.jump(to: .at(10))
        #expect(await clock.settle { store.renewed.all.joined().count == 100 })
        #expect(store.renewed.count == 1)
        #expect(Set(store.renewed.all.joined().map(\.claim.name)).count == 100)
        #expect(leases.allSatisfy { $0.state == .held })
        await bench.advance(to: 100)
        #expect(leases.allSatisfy { $0.state == .held })
        for lease in leases { #expect(await lease.release() == .released) }
        await bench.advance(to: 200)
        #expect(await clock.settle { clock.sleeperCount == 0 }, "nothing runs when nothing is held")
    }

    @Test("Ten thousand leases cost one sleeper, and few exchanges")
    func tenThousand() async throws {
        var leases: [Lease] = []
        for number in 0..<10_000 { leases.append(try await bench.lock("n\(number)").acquire()) }
        #expect(await clock.settle { clock.sleeperCount == 1 })
        clock.jump(to: .at(10))
        for _ in 0..<50 where store.renewed.count == 0 { await clock.settle { store.renewed.count > 0 } }
        #expect(store.renewed.all.map(\.count) == [10_000])
        #expect(clock.sleeperCount <= 1)
        #expect(leases.allSatisfy { $0.state == .held })
    }

    @Test("Refused: lost at once, and there is nothing to give back")
    func refused() async throws {
        store.onRenew { $0.map { _ in .refused(.removed) } }
        let lease = try await bench.lock().acquire()
        await bench.advance(to: 10)
        #expect(await clock.settle { lease.state == .lost(.removed) })
        #expect(await lease.release() == .alreadyLost(.removed))
        #expect(throws: LockError.lost(lease.name, .removed)) { try lease.checkHeld() }
        #expect(lease.remaining == .zero)
        #expect(store.released.count == 0)
        await bench.service.drain()
    }

    @Test("Failing: unconfirmed until the deadline; held again as soon as one gets through")
    func unconfirmed() async throws {
        let error = store.unreachable
        store.onRenew { $0.map { _ in .unknown(error) } }
        let lease = try await bench.lock().acquire()
        #expect(lease.state == .held)
        await bench.advance(to: 10)
        #expect(await clock.settle { lease.state.isUnconfirmed })
        #expect(lease.state == .unconfirmed(until: .at(29.698)))
        #expect(lease.remaining == .milliseconds(19_698))
        try lease.checkHeld()
        store.onRenew { requests in requests.map { [store] in .confirmed(store.validity($0.ttl)) } }
        await bench.advance(to: 12)
        #expect(await clock.settle { lease.state == .held })
        #expect(lease.validUntil.map { $0 > .at(38) } == true)
    }

    @Test("No answer at all: unconfirmed after an interval, then lost on time without any answer")
    func stalled() async throws {
        let gate = Gate()
        store.onRenew { requests in
            await gate.pass()
            return requests.map { _ in .confirmed(.until(.at(1_000))) }
        }
        let lease = try await bench.lock().acquire()
        await bench.advance(to: 18)
        #expect(lease.state == .held)
        await bench.advance(to: 20)
        #expect(lease.state == .unconfirmed(until: .at(29.698)))
        #expect(store.renewed.count >= 2, "a stalled exchange is not waited for")
        clock.jump(to: .at(29.697))
        #expect(lease.state == .unconfirmed(until: .at(29.698)))
        clock.jump(to: .at(29.698))
        #expect(lease.state == .lost(.expired), "by the clock, whatever the timers do")
        #expect(await clock.settle { store.released.count == 1 })
        gate.open()
        await bench.advance(to: 40)
        #expect(lease.state == .lost(.expired), "late answers do not bring it back")
        #expect(store.released.count == 1)
    }

    @Test("A stall that ends in time")
    func stallEnds() async throws {
        let gate = Gate()
        store.onRenew { requests in
            await gate.pass()
            return requests.map { _ in .confirmed(.until(.at(45))) }
        }
        let lease = try await bench.lock().acquire()
        await bench.advance(to: 25)
        #expect(lease.state.isUnconfirmed)
        gate.open()
        #expect(await clock.settle { lease.state == .held })
    }

    @Test("A batch with different answers")
    func mixed() async throws {
        let error = store.unreachable
        store.onRenew { requests in
            requests.map { request in
                switch request.claim.name.text {
                case "good": .confirmed(.until(.at(100)))
                case "bad": .refused(.removed)
                default: .unknown(error)
                }
            }
        }
        let good = try await bench.lock("good").acquire()
        let bad = try await bench.lock("bad").acquire()
        let unsure = try await bench.lock("unsure").acquire()
        clock.jump(to: .at(10))
        #expect(await clock.settle { bad.state == .lost(.removed) && unsure.state.isUnconfirmed })
        #expect(good.state == .held)
    }

    @Test("The store reports a loss while the lease is held")
    func signalAfter() async throws {
        let signal = LossSignal()
        store.onAcquire { [store] in .granted(store.grant($0, lossSignal: signal)) }
        let lease = try await bench.lock().acquire()
        signal.raise(.revoked)
        signal.raise(.sessionEnded)
        #expect(lease.state == .lost(.revoked))
        #expect(await lease.release() == .alreadyLost(.revoked))
        #expect(store.released.count == 0)
    }

    @Test("The store reports a loss before anybody has the lease: no body begins")
    func signalBefore() async throws {
        let signal = LossSignal()
        signal.raise(.sessionEnded)
        store.onAcquire { [store] in .granted(store.grant($0, lossSignal: signal)) }
        let lock = try bench.lock()
        await #expect(throws: LockError.lost(lock.name, .sessionEnded)) {
            try await lock.withLock { _ in Issue.record("the body ran without the lock") }
        }
    }

    @Test("A grant that arrives after its own deadline is not a lease")
    func lateGrant() async throws {
        store.onAcquire { [store, clock] request in
            let grant = store.grant(request)
            clock.jump(to: .at(29.698))
            return .granted(grant)
        }
        await #expect(throws: LockError.self) { try await bench.lock().acquire() }
        #expect(store.released.all == store.acquired.all.map(\.claim))
    }

    @Test("Leases that do not expire are never renewed, and need no timer")
    func unlimited() async throws {
        let bench = Bench(lifetime: .process)
        let lease = try await bench.lock().acquire()
        await bench.advance(to: 100_000)
        #expect(lease.state == .held)
        #expect(lease.remaining == nil)
        #expect(lease.validUntil == nil)
        #expect(bench.store.renewed.count == 0)
        #expect(bench.clock.sleeperCount == 0)
    }

    @Test("The lease's own ttl is asked for, and decides the pace")
    func ownTTL() async throws {
        let lease = try await bench.lock(options: LockOptions(ttl: .seconds(3))).acquire()
        #expect(lease.validUntil == .at(2.968))
        await bench.advance(to: 1)
        #expect(await clock.settle { store.renewed.count == 1 })
        #expect(store.renewed.all.first?.first?.ttl == .seconds(3))
    }

    @Test("States: the present one, then each change, latest only, ending with the loss")
    func states() async throws {
        let error = store.unreachable
        store.onRenew { $0.map { _ in .unknown(error) } }
        let lease = try await bench.lock().acquire()
        var iterator = lease.states.makeAsyncIterator()
        #expect(await iterator.next() == .held)
        await bench.advance(to: 10)
        #expect(await iterator.next()?.isUnconfirmed == true)
        await bench.advance(to: 31)
        #expect(await iterator.next() == .lost(.expired))
        #expect(await iterator.next() == nil)
        var late = lease.states.makeAsyncIterator()
        #expect(await late.next() == .lost(.expired))
        #expect(await late.next() == nil)
    }

    @Test("A reader that is slow sees the latest state only")
    func slowReader() async throws {
        let lease = try await bench.lock().acquire()
        var iterator = lease.states.makeAsyncIterator()
        await lease.release()
        #expect(await iterator.next() == .lost(.released))
        #expect(await iterator.next() == nil)
    }
}
