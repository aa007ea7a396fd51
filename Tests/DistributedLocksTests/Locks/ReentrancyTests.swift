import DistributedLocksTesting
import Testing

@testable import DistributedLocks

@Suite struct ReentrancyTests {
    let clock = ManualClock()
    let store: MemoryStore
    let service: LockService

    init() {
        store = MemoryStore(clock: clock.leaseClock)
        service = LockService(store, configuration: .testing())
    }

    private func timeOut<Result: Sendable>(_ work: Task<Result, any Error>) async -> (any Error)? {
        await clock.settle { clock.nextDeadline == .at(5) }
        clock.jump(to: .at(5))
        do { _ = try await work.value } catch { return error }
        return nil
    }

    private func expectWaitsForItself(
        _ error: (any Error)?,
        _ hold: Contention.CallerHold = .notReentrant,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        guard let error = error as? LockError, case .timedOut(_, _, let contention) = error else {
            Issue.record("\(String(describing: error))", sourceLocation: sourceLocation)
            return
        }
        #expect(contention.heldByCaller == hold, sourceLocation: sourceLocation)
        #expect(error.description.contains(": \(hold)"), sourceLocation: sourceLocation)
        #expect(
            error.description.contains("re-entrancy is off") == (hold == .notReentrant),
            sourceLocation: sourceLocation
        )
    }

    @Test("Off: a second acquire of the same task waits, and says so when its time is up")
    func off() async throws {
        let lock = try service.lock("a")
        let work = Task { try await lock.withLock { _ in try await lock.withLock(timeout: .seconds(5)) { _ in } } }
        expectWaitsForItself(await timeOut(work))
        #expect(try await store.list().isEmpty)
    }

    @Test("A second reader behind a writer that waits for the first")
    func readerBehindWriter() async throws {
        let lock = try service.readWriteLock("a")
        let writer = Recorder<Task<Void, any Error>>()
        let store = store
        let work = Task { [clock] in
            try await lock.withReadLock { _ in
                writer.add(Task.detached { try await lock.withWriteLock { _ in } })
                await clock.settle { (try? await store.status(of: lock.name))?.waiters.count == 1 }
                try await lock.withReadLock(timeout: .seconds(5)) { _ in }
            }
        }
        expectWaitsForItself(await timeOut(work))
        for task in writer.all { try await task.value }
    }

    @Test("A second permit of a semaphore with one")
    func onePermit() async throws {
        let semaphore = try service.semaphore("a", permits: 1)
        let work = Task {
            try await semaphore.withPermit { _ in try await semaphore.withPermit(timeout: .seconds(5)) { _ in } }
        }
        expectWaitsForItself(await timeOut(work))
        let two = try service.semaphore("b", permits: 2)
        try await two.withPermit { _ in try await two.withPermit { _ in } }
    }

    @Test("Held by somebody else, it does not claim otherwise")
    func somebodyElse() async throws {
        let lock = try service.lock("a")
        let lease = try await lock.acquire()
        let work = Task { try await lock.acquire(timeout: .seconds(5)) }
        let error = await timeOut(work)
        #expect(
            error.map { "\($0)" }
                == "timed out after 5 s waiting for \"a\": held by web-3 (pid 8123) for 0 s"
        )
        await lease.release()
    }

    @Test("On: the inner body runs under the outer lease, also in child tasks")
    func on() async throws {
        let lock = try service.lock("a", options: LockOptions(reentrant: true))
        try await lock.withLock { outer in
            let inner = try await lock.withLock(timeout: .seconds(1)) { $0 }
            #expect(inner === outer)
            let tried = try await lock.withLockIfAvailable { $0 }
            #expect(tried === outer)
            try await withThrowingTaskGroup(of: Lease.self) { tasks in
                for _ in 0..<3 { tasks.addTask { try await lock.withLock { $0 } } }
                for try await lease in tasks { #expect(lease === outer) }
            }
            #expect(outer.state == .held)
        }
        #expect(try await store.list().isEmpty)
    }

    @Test("On: reading inside writing; not the other way round, nor another name or service")
    func modes() async throws {
        let lock = try service.readWriteLock("a", options: LockOptions(reentrant: true))
        try await lock.withWriteLock { writing in
            #expect(try await lock.withReadLock { $0 } === writing)
            let other = try service.lock("b", options: LockOptions(reentrant: true))
            #expect(try await other.withLock { $0 } !== writing)
            let elsewhere = LockService(
                store,
                configuration: .testing { $0.random = RandomSource(SeededGenerator(seed: 2)) }
            )
            let same = try elsewhere.lock("a", options: LockOptions(reentrant: true))
            #expect(try await same.withLockIfAvailable { $0 } == nil)
        }
        try await lock.withReadLock { _ in
            let wrote: Void? = try await lock.write.withLockIfAvailable { _ in }
            #expect(wrote == nil)
        }
    }

    @Test func `A task that waits for itself notices it at any depth, through other locks and tasks in between`()
        async throws
    {
        let (a, b, c) = (try service.lock("a"), try service.readWriteLock("b"), try service.semaphore("c", permits: 2))
        let work = Task {
            try await a.withLock { _ in
                try await b.withReadLock { _ in
                    try await c.withPermit { _ in
                        async let inner: Void = a.withLock(timeout: .seconds(5)) { _ in }
                        try await inner
                    }
                }
            }
        }
        expectWaitsForItself(await timeOut(work))
    }

    @Test func `The third permit of a semaphore with two, where the first two are this task's`() async throws {
        let semaphore = try service.semaphore("a", permits: 2)
        let work = Task {
            try await semaphore.withPermit { _ in
                try await semaphore.withPermit { _ in
                    try await semaphore.withPermit(timeout: .seconds(5)) { _ in }
                }
            }
        }
        expectWaitsForItself(await timeOut(work))
    }

    @Test(
        "An upgrade is called so, whether re-entrancy is on or off, at once and after a wait",
        arguments: [false, true]
    )
    func upgrade(reentrant: Bool) async throws {
        let lock = try service.readWriteLock("a", options: LockOptions(reentrant: reentrant))
        let work = Task {
            try await lock.withReadLock { _ in
                try await lock.withReadLock { _ in
                    let refused = await #expect(throws: LockError.self) { try await lock.write.acquire(timeout: .zero) }
                    #expect(refused?.description.contains("a read lock cannot be upgraded") == true)
                    try await lock.withWriteLock(timeout: .seconds(5)) { _ in }
                }
            }
        }
        expectWaitsForItself(await timeOut(work), .upgrade)
    }

    @Test func `On: a permit does not cover the exclusive lock of its name`() async throws {
        let options = LockOptions(reentrant: true)
        let semaphore = try service.semaphore("a", permits: 2, options: options)
        let lock = try service.lock("a", options: options)
        let work = Task {
            try await semaphore.withPermit { _ in try await lock.withLock(timeout: .seconds(5)) { _ in } }
        }
        expectWaitsForItself(await timeOut(work), .otherMode)
    }

    @Test func `On: the form that is not scoped waits for itself, and does not say that re-entrancy is off`()
        async throws
    {
        let lock = try service.lock("a", options: LockOptions(reentrant: true))
        let work = Task {
            try await lock.withLock { _ in _ = try await lock.acquire(timeout: .seconds(5)) }
        }
        expectWaitsForItself(await timeOut(work), .unscoped)
    }

    @Test func `On: sibling tasks under one lease overlap, as documented`() async throws {
        let lock = try service.lock("a", options: LockOptions(reentrant: true))
        let inside = Gate()
        try await lock.withLock { outer in
            async let first = lock.withLock { lease in
                await inside.pass()
                return lease
            }
            async let second = lock.withLock { lease in
                inside.open()
                return lease
            }
            let leases = try await [first, second]
            #expect(leases.allSatisfy { $0 === outer })
        }
    }

    @Test("On: after the outer lease is over, the lock has to be had anew")
    func afterRelease() async throws {
        let lock = try service.lock("a", options: LockOptions(reentrant: true))
        try await lock.withLock { outer in
            await outer.release()
            let inner = try await lock.withLock { $0 }
            #expect(inner !== outer)
            #expect(inner.fencingToken > outer.fencingToken)
        }
    }
}
