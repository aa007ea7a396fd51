import DistributedLocks
import DistributedLocksTesting
import Synchronization
import Testing

/// A clock that tests move: what is due runs when it is due.
@Suite struct ManualClockTests {
    private final class Wakes: Sendable {
        let times = Mutex<[Duration]>([])
    }

    let clock = ManualClock()

    private func service(_ store: any LockStore) -> LockService {
        var configuration = LockConfiguration()
        configuration.random = RandomSource(SeededGenerator(seed: 1))
        return LockService(store, configuration: configuration)
    }

    private var expiring: MemoryStore {
        MemoryStore(clock: clock.leaseClock, lifetime: .expiring(.seconds(1)...(.seconds(60))))
    }

    @Test(arguments: [1, 30])
    func `Leases are renewed on the way: a healthy store loses none, in one step or in many`(steps: Int) async throws {
        let store = FaultyStore(expiring)
        let service = service(store)
        let leases = [try await service.lock("a").acquire(), try await service.lock("b").acquire()]
        for _ in 0..<steps { await clock.advance(by: .seconds(300) / steps) }
        #expect(clock.now.offset == .seconds(300))
        #expect(leases.map(\.state) == [.held, .held])
        #expect(store.callCount(of: .renew) >= 20)
        for lease in leases { #expect(await lease.release() == .released) }
    }

    @Test func `A lease that is not renewed is lost on the way, and its body is cancelled`() async throws {
        let store = FaultyStore(expiring)
        let service = service(store)
        let lock = try service.lock("a")
        let clock = clock
        let work = Task { try await lock.withLock { _ in try await clock.sleep(for: .seconds(1_000)) } }
        await clock.advance(by: .seconds(1))
        try store.keepInjecting(.lostRequest, into: [.renew])
        await clock.advance(by: .seconds(60))
        await #expect(throws: LockError.lost(lock.name, .expired)) { try await work.value }
    }

    @Test func `A jump is what a process that was stopped sees`() async throws {
        let service = service(expiring)
        let lease = try await service.lock("a").acquire()
        await clock.advance(by: .seconds(1))
        clock.jump(by: .seconds(60))
        #expect(lease.state == .lost(.expired))
    }

    @Test func `Sleepers wake at their deadlines, one after the other, and what they start is done`() async throws {
        let woken = Wakes()
        let clock = clock
        for seconds in [3, 1, 2] {
            Task {
                for _ in 0..<3 {
                    try await clock.sleep(for: .seconds(seconds))
                    woken.times.withLock { $0.append(clock.now.offset) }
                }
            }
        }
        await clock.advance(by: .seconds(100))
        #expect(woken.times.withLock { $0 } == [1, 2, 2, 3, 3, 4, 6, 6, 9].map { .seconds($0) })
        #expect(clock.sleeperCount == 0)
        await clock.advance(to: LeaseClock.Instant(offset: .seconds(5)))
        #expect(clock.now.offset == .seconds(100), "time does not go back")
    }
}
