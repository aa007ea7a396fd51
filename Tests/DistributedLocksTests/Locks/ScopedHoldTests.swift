import DistributedLocksTesting
import Testing

@testable import DistributedLocks

/// A body under a lock: cancelled on loss, released in every case, its error never hidden.
@Suite struct ScopedHoldTests {
    struct BodyError: Error, Equatable {}

    enum Body: CaseIterable { case returns, throwsItsError, throwsCancellation }

    struct Case: CustomTestStringConvertible {
        let body: Body
        let isLost: Bool
        let isCancelled: Bool

        var testDescription: String { "\(body), lost: \(isLost), cancelled: \(isCancelled)" }

        static let all = Body.allCases.flatMap { body in
            [false, true].flatMap { isLost in
                [false, true].map { Case(body: body, isLost: isLost, isCancelled: $0) }
            }
        }
    }

    @TaskLocal static var context = ""

    let bench = Bench()
    var store: ScriptedStore { bench.store }
    var clock: ManualClock { bench.clock }

    @Test("Every outcome of the body, with and without loss and cancellation", arguments: Case.all)
    func outcomes(_ test: Case) async throws {
        let signal = LossSignal()
        store.onAcquire { [store] in .granted(store.grant($0, lossSignal: signal)) }
        let lock = try bench.lock()
        let began = Gate()
        let go = Gate()
        let sawCancellation = Recorder<Bool>()
        let work = Task {
            try await lock.withLock { _ in
                began.open()
                await go.pass()
                // The body may have begun before anybody was able to cancel it.
                if test.isLost || test.isCancelled { await bench.clock.settle { Task.isCancelled } }
                sawCancellation.add(Task.isCancelled)
                switch test.body {
                case .returns: return "done"
                case .throwsItsError: throw BodyError()
                case .throwsCancellation: throw CancellationError()
                }
            }
        }
        await began.pass()
        if test.isLost { signal.raise(.revoked) }
        if test.isCancelled { work.cancel() }
        go.open()
        let result = await work.result
        #expect(sawCancellation.all == [test.isLost || test.isCancelled])
        switch (test.body, test.isLost, test.isCancelled) {
        case (.returns, false, _):
            #expect(try result.get() == "done")
        case (.returns, true, _), (.throwsCancellation, true, false):
            #expect(throws: LockError.lost(lock.name, .revoked)) { try result.get() }
        case (.throwsItsError, _, _):
            #expect(throws: BodyError()) { try result.get() }
        case (.throwsCancellation, _, _):
            #expect(throws: CancellationError.self) { try result.get() }
        }
        #expect(store.released.count == (test.isLost ? 0 : 1))
    }

    @Test("On time: the body is cancelled at the deadline, before the store could give the lock to another")
    func onTime() async throws {
        store.onRenew { requests in requests.map { [store] _ in .unknown(store.unreachable) } }
        let lock = try bench.lock()
        let cancelledAt = Recorder<LeaseClock.Instant>()
        let clock = bench.clock
        let work = Task {
            try await lock.withLock { _ in
                try await withTaskCancellationHandler {
                    try await clock.leaseClock.sleep(for: .seconds(1_000))
                } onCancel: {
                    cancelledAt.add(clock.now)
                }
            }
        }
        await clock.settle { clock.sleeperCount == 2 }
        while cancelledAt.count == 0, clock.now < .at(60) {
            await bench.settle()
            if let next = clock.nextDeadline { clock.jump(to: next) }
            await bench.settle()
        }
        await #expect(throws: LockError.lost(lock.name, .expired)) { try await work.value }
        #expect(cancelledAt.all == [.at(29.698)])
    }

    @Test("A body that computes without ever suspending is cancelled too")
    func neverSuspends() async throws {
        let signal = LossSignal()
        store.onAcquire { [store] in .granted(store.grant($0, lossSignal: signal)) }
        let lock = try bench.lock()
        await #expect(throws: LockError.lost(lock.name, .revoked)) {
            try await lock.withLock { _ in
                signal.raise(.revoked)
                var patience = 50_000_000
                while !Task.isCancelled, patience > 0 { patience -= 1 }
                #expect(Task.isCancelled)
            }
        }
    }

    @Test("A body that notices nothing learns of the loss all the same, by the clock")
    func unnoticed() async throws {
        store.onRenew { requests in requests.map { [store] _ in .unknown(store.unreachable) } }
        let lock = try bench.lock()
        await #expect(throws: LockError.lost(lock.name, .expired)) {
            try await lock.withLock { [clock] _ in clock.jump(to: .at(30)) }
        }
    }

    @Test("The store had nothing of it at the end: a loss that nobody had noticed")
    func lostAtTheEnd() async throws {
        store.onRelease { _ in .notHeld }
        let lock = try bench.lock()
        await #expect(throws: LockError.lost(lock.name, .removed)) { try await lock.withLock { _ in } }
    }

    @Test("Releasing inside the body is the body's own decision")
    func releasedInside() async throws {
        let text = try await bench.lock().withLock { lease in
            await lease.release()
            return lease.state == .lost(.released) ? "released" : "held"
        }
        #expect(text == "released")
        #expect(store.released.count == 1)
    }

    @Test("A release that is not confirmed does not hide the result")
    func pendingRelease() async throws {
        let gate = bench.stallReleases()
        let lock = try bench.lock()
        let work = Task { try await lock.withLock { _ in 7 } }
        await clock.settle { store.released.count == 1 && clock.nextDeadline == .at(5) }
        clock.jump(to: .at(5))
        #expect(try await work.value == 7)
        gate.open()
    }

    @Test("The body sees the task-local values of its caller")
    func taskLocals() async throws {
        let seen = try await Self.$context.withValue("mine") {
            try await bench.lock().withLock { _ in Self.context }
        }
        #expect(seen == "mine")
    }

    @MainActor
    @Test("A body on the main actor stays there")
    func mainActor() async throws {
        var count = 0
        try await bench.lock().withLock { _ in
            MainActor.assertIsolated()
            count += 1
        }
        #expect(count == 1)
    }

    actor Account {
        private(set) var balance = 0

        func deposit(under lock: DistributedLock) async throws {
            try await lock.withLock { _ in
                self.assertIsolated()
                self.balance += 1
            }
            _ = try await lock.withLockIfAvailable { _ in self.balance += 1 }
        }
    }

    @Test("A body on an actor stays there")
    func actorIsolated() async throws {
        let account = Account()
        try await account.deposit(under: bench.lock())
        #expect(await account.balance == 2)
    }
}
