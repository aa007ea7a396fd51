import DistributedLocks

extension StoreConformance {
    static let closing = [
        ConformanceCheck(
            "closing.endsWaits",
            "waits end with LockError.closed when the store is closed",
            if: .mode(.exclusive)
        ) { scene in
            try await scene.take(scene.claim())
            var waiters: [Attempt] = []
            for _ in 0..<3 { waiters.append(try await scene.queue(scene.claim())) }
            let deadline = scene.clock.now.advanced(by: scene.longTTL)
            waiters.append(try await scene.queue(scene.claim(), patience: .until(deadline)))
            scene.journal.step = "a store can be closed"
            await scene.client(0).close()
            for waiter in waiters {
                scene.journal.step = "waits end when the store is closed"
                try expectClosed(await waiter.end(), scene)
            }
        },
        ConformanceCheck(
            "closing.refuses",
            "a closed store refuses requests with LockError.closed, and can be closed again",
            if: .mode(.exclusive)
        ) { scene in
            await scene.client(0).close()
            await scene.client(0).close()
            try expectClosed(await scene.attempt(scene.claim()), scene)
            scene.journal.step = "a closed store does not keep anybody waiting"
            try expectClosed(await scene.begin(scene.claim()).end(), scene)
        },
        ConformanceCheck(
            "closing.givesUp",
            "what a closed client held goes to the waiters of other clients",
            if: .mode(.exclusive),
            body: givesUp
        ),
    ]

    private static func givesUp(_ scene: Scene) async throws {
        guard scene.clients.count > 1 else { throw Skip(reason: "the fixture has one client") }
        try await scene.take(scene.claim())
        let waiter = try await scene.queue(scene.claim(), on: 1)
        let doomed = try await scene.queue(scene.claim())
        await scene.client(0).close()
        scene.journal.step = "waits end when the store is closed"
        try expectClosed(await doomed.end(), scene)
        scene.journal.step = "what a closed client held goes to the next"
        let result = await waiter.end()
        if case .failure(let error) = result, case LockError.closed = error {
            throw Skip(reason: "all clients of this store are one object")
        }
        try scene.expect(result.grant != nil, "what a closed client held goes to the next", seen: result.summary)
    }

    private static func expectClosed(_ result: Result<Acquisition, any Error>, _ scene: Scene) throws {
        if case .failure(let error) = result, case LockError.closed = error { return }
        throw scene.journal.failure(promised: "a closed store answers LockError.closed", seen: result.summary)
    }
}
