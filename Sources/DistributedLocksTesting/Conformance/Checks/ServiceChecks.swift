import DistributedLocks
import Synchronization

extension StoreConformance {
    static let services = [
        ConformanceCheck(
            "services.release",
            "a scoped lock is released when its body returns, throws or is cancelled",
            if: .mode(.exclusive),
            body: releases
        ),
        ConformanceCheck(
            "services.cancelledWait",
            "a cancelled acquire leaves nothing, and the turn passes on",
            if: .mode(.exclusive)
        ) { scene in
            let services = scene.services
            let lease = try await services[0].lock(scene.name.text).acquire()
            for round in 0..<scene.fixture.rounds {
                let lock = try services[round % services.count].lock(scene.name.text)
                let waiter = Task { try await lock.withLock { _ in } }
                for _ in 0..<(round % 9) { await Task.yield() }
                waiter.cancel()
                scene.journal.step = "a cancelled acquire ends"
                guard case .failure(let error) = await waiter.result, error is CancellationError else {
                    throw scene.journal.failure(
                        promised: "a cancelled acquire throws CancellationError",
                        seen: "not so"
                    )
                }
            }
            let waiters = try await scene.status().waiters.count
            try scene.expect(waiters == 0, "a cancelled acquire leaves nothing", seen: "\(waiters) waiters")
            await lease.release()
            try await scene.expectIdle("nothing is left when all is done")
        },
        ConformanceCheck(
            "services.timeout",
            "an acquire that runs out of time throws timedOut, or busy if it had none, and leaves nothing",
            if: .mode(.exclusive)
        ) { scene in
            let services = scene.services
            let lease = try await services[0].lock(scene.name.text).acquire()
            let lock = try services[services.count - 1].lock(scene.name.text)
            let ends = Log<Bool>()
            let waiter = Task {
                defer { ends.append(true) }
                return try await lock.acquire(timeout: .milliseconds(100))
            }
            try await waitsInLine(scene) { !ends.all.isEmpty }
            try await scene.advance(by: .milliseconds(100))
            scene.journal.step = "an acquire ends at its timeout"
            guard case .failure(let error) = await waiter.result, case LockError.timedOut = error else {
                throw scene.journal.failure(promised: "it throws LockError.timedOut", seen: "not so")
            }
            let refused = try await lock.tryAcquire()
            try scene.expect(refused == nil, "an attempt without patience returns nil", seen: "a lease")
            await lease.release()
            try await scene.expectIdle("nothing is left when all is done")
        },
        ConformanceCheck(
            "services.crowd",
            "bodies of many tasks of several services never overlap, and their tokens grow",
            if: .mode(.exclusive),
            body: crowdOfServices
        ),
        ConformanceCheck(
            "services.unsupported",
            "what a store does not claim to do is refused before anything is sent",
            body: refusesUnsupported
        ),
    ]

    private static func crowdOfServices(_ scene: Scene) async throws {
        let services = scene.services
        let gauge = Gauge()
        let log = Log<FencingToken>()
        scene.journal.step = "everybody who waits gets their turn"
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<(2 * scene.clients.count) {
                let lock = try services[number % scene.clients.count].lock(scene.name.text)
                group.addTask {
                    for _ in 0..<5 {
                        try await lock.withLock { lease in
                            gauge.enter()
                            log.append(lease.fencingToken)
                            await Task.yield()
                            gauge.leave()
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        try scene.expect(gauge.highest == 1, "one body at a time", seen: "\(gauge.highest) at a time")
        let tokens = log.all
        try scene.expect(zip(tokens, tokens.dropFirst()).allSatisfy(<), "tokens grow", seen: "\(tokens)")
        try await scene.expectIdle("nothing is left when all is done")
    }

    private static func releases(_ scene: Scene) async throws {
        struct Mishap: Error {}
        let services = scene.services
        let lock = try services[0].lock(scene.name.text)
        scene.journal.step = "a scoped lock is released"
        let value = try await lock.withLock { lease in lease.fencingToken }
        try scene.expect(value.rawValue > 0, "a body's result is returned", seen: "\(value)")
        try await scene.expectIdle("nothing is left when a body has returned")
        do {
            try await lock.withLock { _ in throw Mishap() }
            throw scene.journal.failure(promised: "a body's error is thrown", seen: "nothing was thrown")
        } catch is Mishap {}
        try await scene.expectIdle("nothing is left when a body has thrown")
        let clock = scene.clock
        let far = clock.now.advanced(by: scene.longTTL * 100)
        let running = Task { try await lock.withLock { _ in try await clock.sleep(until: far) } }
        try await scene.eventually("a body runs while its lock is held") {
            try await scene.client(0).status(of: scene.name).holders.count == 1
        }
        running.cancel()
        scene.journal.step = "a cancelled body ends"
        guard case .failure(let error) = await running.result, error is CancellationError else {
            throw scene.journal.failure(promised: "a cancelled body's error is thrown", seen: "not so")
        }
        try await scene.expectIdle("nothing is left when a body was cancelled")
        try await scene.take(scene.claim(), on: 1)
    }

    private static func waitsInLine(_ scene: Scene, orHasEnded hasEnded: () -> Bool) async throws {
        guard scene.capabilities.ordering == .fifo else { return try await scene.observe() }
        try await scene.eventually("an acquire that has to wait shows up among the waiters") {
            try await scene.client(0).status(of: scene.name).waiters.count == 1 || hasEnded()
        }
    }

    private static func refusesUnsupported(_ scene: Scene) async throws {
        let modest = ModestStore(scene.client(0))
        let service = LockService(modest)
        let text = scene.name.text
        let calls: [@Sendable () async throws -> Void] = [
            { _ = try await service.lock(text).tryAcquire() },
            { _ = try await service.readWriteLock(text).read.tryAcquire() },
            { _ = try await service.semaphore(text, permits: 2).permit.tryAcquire() },
            { _ = try await service.list() },
            { _ = try await service.forceRelease(text) },
        ]
        for (number, call) in calls.enumerated() {
            do {
                try await call()
                throw scene.journal.failure(promised: "LockError.unsupported", seen: "call \(number) did not throw")
            } catch LockError.unsupported {}
        }
        try scene.expect(modest.calls == 0, "nothing is sent", seen: "\(modest.calls) requests")
    }
}

/// Claims to be able to do nothing, and counts what it is asked to do all the same.
private final class ModestStore: LockStore {
    let clock: LeaseClock
    let label: String
    let capabilities: StoreCapabilities
    private let base: any LockStore
    private let count = Mutex(0)

    init(_ base: any LockStore) {
        self.base = base
        clock = base.clock
        label = base.label
        var capabilities = base.capabilities
        capabilities.modes = []
        capabilities.listsNames = false
        capabilities.forcesRelease = false
        capabilities.releasesLater = false
        self.capabilities = capabilities
    }

    var calls: Int { count.withLock { $0 } }

    func acquire(_ request: LockRequest) async throws -> Acquisition {
        count.withLock { $0 += 1 }
        return try await base.acquire(request)
    }

    func release(_ claim: LockClaim) async throws -> ReleaseOutcome {
        count.withLock { $0 += 1 }
        return try await base.release(claim)
    }

    func status(of name: LockName) async throws -> LockStatus { try await base.status(of: name) }

    func list() async throws -> [LockStatus] {
        count.withLock { $0 += 1 }
        return try await base.list()
    }

    func forceRelease(_ name: LockName, from condition: HolderCondition) async throws -> [Holder] {
        count.withLock { $0 += 1 }
        return try await base.forceRelease(name, from: condition)
    }

    func close() async {}
}
